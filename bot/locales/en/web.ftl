# The chat page in the browser. $name is a specialist's title.
web-new = New conversation
web-conversations = Conversations
web-conversation = Conversation
web-open-list = Show conversations
web-close-list = Hide conversations
web-untitled = Untitled conversation
web-skip = Go to the message field
web-hello = Hello! What can I do for you?
web-message = Message { $name }
web-message-anyone = What is on your mind?
web-send = Send
web-stop = Stop the reply
web-hint = Enter sends, Shift + Enter begins a new line. Replies can be wrong: check what matters.
web-you = You
web-thinking = Thinking…
web-queued = Your message is in line…
web-routing = Finding the right specialist…
web-going-on = Going on…
web-stopped = Stopped
web-try-again = Try again
web-again = Answer again
web-up = Good answer
web-down = Bad answer
web-edit = Edit
web-save = Save and ask again
web-cancel = Cancel
web-close = Close
web-copy = Copy
web-copy-code = Copy
web-more = Show all
web-less = Show less
web-version = Version { $number }
web-earlier = Show earlier messages
web-latest = Go to the latest message
web-not-found = There is no such conversation in this browser. You can begin a new one here.

# Who is asked.
web-team = Or ask a specialist
web-ask = Who should answer?
web-ask-whom = Who should answer? Now: { $name }
web-anyone = Automatic
web-anyone-text = Finds the specialist that suits your question

# How sure a specialist is of its answer, and what it is doing.
web-confidence = How sure the specialist is of this answer
web-confidence-high = Confident · high
web-confidence-medium = Confident · medium
web-confidence-low = Uncertain · low
web-unsure = I am not sure about this answer
web-escalated = A human was asked to look at this
web-status-active = Active
web-status-monitoring = Waiting for a tool
web-status-learning = Learning
web-status-paused = Paused
web-status-escalated = Escalated
web-status-reviewing = Waiting for you
web-status-confident = Confident
web-status-uncertain = Uncertain
web-status-training = In training
web-status-idle = Idle

# A reply that goes on only when the visitor agrees.
web-leave = May I do this?
web-approve = Approve
web-deny = Deny

# Files. $name is the file's, $size a number.
web-download-file = Download { $name }
web-bytes = { $size } B
web-kilobytes = { $size } kB
web-megabytes = { $size } MB

# The list of conversations. $name is the conversation's title.
web-search = Search conversations
web-found = Found
web-nothing-found = Nothing was found. Try fewer or other words.
web-archive = Archive
web-archived = Archive
web-leave-archive = Back
web-archive-empty = Nothing is put away here.
web-menu = What to do with the conversation
web-menu-of = What to do with “{ $name }”
web-rename = Rename
web-rename-save = Rename
web-archive-this = Put into the archive
web-restore = Take out of the archive
# $format: name of a file format.
web-export = Download as { $format }
web-delete = Delete…
web-delete-ask = Delete this conversation?
web-delete-text = Everything said in it, and its files, will be gone for good.
web-delete-yes = Delete for good

# Settings.
web-settings = Settings
web-language = Language
web-thinking-setting = Show how a specialist thinks
web-thinking-off = Not at all
web-thinking-brief = Briefly
web-thinking-full = In full
web-do-link = Connect another messenger
web-do-memory = What is remembered about me
web-do-usage = My usage and limits
web-do-forget = Delete all my data…
