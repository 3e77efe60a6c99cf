# What a user is told when something could not be done: what happened in plain words, then what they can do.
# Nothing of our inside is shown. These texts take no arguments.

error-unknown = Something went wrong on my side. Please try again; if it happens twice, start afresh with /new.
error-storage = I cannot reach my memory at the moment. Please try again in a minute.
error-files = I cannot get at files at the moment. Please try again in a minute.
error-messenger = I could not deliver my answer here. Please write to me again in a moment.

error-engine = I could not finish this answer. Please try again in a moment.
error-engine-auth = I am not set up correctly at the moment, so I cannot answer. Those who run me can see the reason; please try again later.
error-engine-rate = Many people are asking at once and I have to slow down. Please try again in a minute.
error-engine-context = This conversation has become too long for me to keep in mind. Start a fresh one with /new, or send a shorter message.
error-engine-content = I cannot help with this request as it stands. Please put it in another way or ask about something else.
error-engine-network = I could not reach the service that helps me answer. Please try again in a moment.
error-engine-timeout = This answer took too long, so I gave up on it. Please try again, perhaps with a shorter question.

refused = I cannot do that. Send /help to see what I can do.
refused-not-yours = This belongs to somebody else, so I left it as it is. Start a conversation of your own with /new.
