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

# Files and recordings that go with a message. $name is a file's.
web-attach = Attach files
web-tray = Files that go with the message
web-drop = Drop files here to attach them
web-attached-file = { $name } is attached.
web-remove-file = Remove { $name }
web-removed-file = { $name } is removed.
web-attach-again = Try again to attach { $name }
web-attach-failed = Something could not be attached. Remove it or try it again, then send.
web-upload-too-large = { $name } is too large: at most { $megabytes } MB can be sent.
web-upload-empty = { $name } is empty.
web-upload-broken = { $name } did not arrive. Please check your connection and try again.
web-upload-gone = A file is not there any more. Please attach it again.
web-upload-gone-file = { $name } is not there any more.
web-upload-too-many = You have attached { $count } files already. Send or remove some of them first.
web-upload-too-much = You have attached more than { $megabytes } MB already. Send or remove something first.
web-upload-crowded = Too much is being uploaded here at the moment. Please try again in some minutes.
web-upload-stranger = This page does not know you any more. Please reload it and try again.
web-record = Record a voice message
web-recording = Recording. Enter sends it, Escape gives it up.
web-record-send = Send the recording
web-record-cancel = Give up the recording
web-record-cancelled = The recording was given up.
web-record-full = The recording is as long as it may be. Send it, or give it up.
web-mic-denied = The browser does not let this page use the microphone. You can allow it beside the address of the page.
web-mic-missing = No microphone was found.
web-mic-unsupported = This browser cannot record sound.
web-mic-insecure = Browsers allow the microphone only on pages with https. You can attach a sound file instead.
web-mic-broken = The microphone could not be used. Another program may be using it.

# What came with a message of the visitor's.
web-voice = Voice message
web-listening = Listening…
web-unheard = Nobody has listened to it yet
web-reading = Reading…
web-unread = Nobody has read it yet
web-unusable = { $name } could not be used.
web-cut = only the beginning was read
web-fix = Fix
web-fix-long = Fix what was heard
web-parts-page = { $count ->
    [one] { $count } page
   *[other] { $count } pages
}
web-parts-slide = { $count ->
    [one] { $count } slide
   *[other] { $count } slides
}
web-parts-sheet = { $count ->
    [one] { $count } sheet
   *[other] { $count } sheets
}
web-parts-section = { $count ->
    [one] { $count } section
   *[other] { $count } sections
}
web-parts-lines = { $count ->
    [one] { $count } passage
   *[other] { $count } passages
}
web-spoken = The reply, spoken

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
