# What is said in Slack only.

# The status line under a conversation, after the app's name.
slack-status = is thinking…

# A short note that only they see who gave a command in a channel.
slack-answered-privately = I answer you in our direct message, where nobody else reads it.

# The form of the shortcut "Ask a specialist about this". The title and the buttons take 24 characters.
slack-ask-title = Ask a specialist
slack-ask-specialist = Who shall answer?
slack-ask-anyone = Whoever fits best
slack-ask-question = Your question
slack-ask-about = About this message
slack-ask-submit = Ask
slack-ask-cancel = Cancel

# Stands in the list of conversations where a title was taken back.
slack-untitled = Conversation

# At the empty field of a form that was sent.
slack-form-empty = Please write something here.
