# What the platform itself says in a chat. Texts are Markdown; the messenger's adapter renders them.

# $name: the user's name; may be empty.
welcome =
    { LENGTH($name) ->
        [0] Hello! 👋
       *[other] Hello, { $name }! 👋
    } I am Switchboard: you write, and the right specialist answers.

    Just ask your question, or choose who answers. /help shows everything else.
thread-new = A fresh conversation. What is it about?
threads-title = **Your conversations**
threads-none = You have no conversations yet. Write me something, and the first one begins.
# $number: place in the list; $title: title of the thread; $when: time of the last message, ready to show; $now: yes for the one
# that goes on here, shared for one that is held with others.
threads-line =
    { $number }. { $title } · { $now ->
        [yes] now
        [shared] { $when }, with others
       *[no] { $when }
    }
thread-opened = You are back in that conversation. Just go on writing.
thread-untitled = Untitled conversation

# Shown under the part of a reply that had been written when it was stopped.
stopped-mark = _Stopped._
nothing-to-stop = I am not writing anything at the moment.
stopping = Stopping…

button-stop = ⏹ Stop
button-again = 🔄 Again
button-up = 👍
button-down = 👎
feedback-thanks = Thank you, noted.
old-button = This button is no longer in use. Please use the newest message.

# $what: the kind of message, as the messenger calls it.
unsupported-message = I cannot read this kind of message ({ $what }). Please write it to me as text.
empty-message = There was nothing in your message. Please write me your question.
# $limit: the most characters.
too-long = This message is too long for me: I can take at most { $limit } characters. Please send it in smaller parts or cut it down to what matters.
queue-full = I am still working on your earlier messages, so I did not take this one. Please send it again after my next answer, or stop me with /stop.

# $file: name of the file that was sent along.
code-attached = _The code is long, so it is attached as { $file }._
interrupted-try-again = I was interrupted before I could finish this answer. Please press { button-again } or ask again.
thinking = Thinking…
