# Voice messages and files: what was heard, and what could not be used.

# Why a file could not be used. $name: what it is called (or several of them).
file-unsupported = **{ $name }**: I cannot read this kind of file. I read pictures, PDF, Word, Excel, PowerPoint, CSV, HTML, plain text, Markdown and source code, and I listen to voice and audio. Please send it as one of these.
# $megabytes: the most a file may have.
file-too-large = **{ $name }**: this file is too large for me. I can take up to { $megabytes } MB; please send a smaller one or only the part that matters.
# $minutes: the longest recording.
file-too-long = **{ $name }**: this recording is too long for me. I can listen for up to { $minutes ->
        [one] a minute
       *[other] { $minutes } minutes
    }; please send it in shorter pieces.
file-gone = **{ $name }**: I could not get this file any more. Please send it again.
file-empty = **{ $name }**: this file is empty. Please check it and send it again.
file-damaged = **{ $name }**: I could not open this file, it seems to be damaged. Please save it anew and send it again.
file-encrypted = **{ $name }**: this file is protected by a password. Please send it without one.
file-macros = **{ $name }**: this document contains macros, so I did not open it. Please save it without macros and send it again.
file-disguised = **{ $name }**: what is in this file is not what its name says, so I did not open it. Please check what it is and send the real document.
file-expands = **{ $name }**: this file would unpack to far more than I can take. Please send only the part that matters.
file-too-slow = **{ $name }**: reading this file took too long, so I gave up on it. Please send a shorter or simpler one.
file-no-text = **{ $name }**: there is no text in this file, its pages seem to be scanned. Please send a version with text, or the pages as pictures.
file-no-words = **{ $name }**: there are no words in this file, so there is nothing that I could read. Please check it and send it again.
# $count: the most files of one message.
file-too-many = **{ $name }**: I can take up to { $count ->
        [one] one file
       *[other] { $count } files
    } at once and left out the rest. Please send it in another message.
voice-no-transcriber = I cannot listen to recordings here, so I do not know what was said. Please write it to me as text.
voice-too-big = This recording is too large for me to listen to. Please send it in shorter pieces, or write it to me.
voice-failed = I could not make anything of this recording. Please say it once more, or write it to me as text.
voice-silent = I could not make out any words in your recording. Please say it once more, a little closer to the microphone, or write it to me.

# A turn that failed for a reason that may pass; the button to ask again stands below.
file-unreached = I could not fetch your file from the messenger just now. Please press { button-again }, or send it again in a moment.
# Where each file's own reason is shown beside it.
files-unusable = I could not use what you sent.

# $count: how many pictures.
pictures-unseen = _{ $count ->
        [one] The model that answered cannot look at pictures, so it has not seen yours.
       *[other] The model that answered cannot look at pictures, so it has not seen your { $count } pictures.
    }_
# Where pictures were all there was.
pictures-unseen-only = The model that answers here cannot look at pictures. Please describe in words what matters in yours, or choose another specialist: /specialists

# What is no file, as words of the user's message. $what: a point, a place, a name and number, or words of its own.
thing-location = 📍 Location: { $what }
thing-contact = 👤 Contact: { $what }
thing-other = { $what }
thing-sticker = (a sticker)

# Under what was heard.
button-fix = ✏️ Fix
# Asks for the right words; the user's next message is taken for them.
fix-note = How should it read? Please send me the right words, and I will answer those.
fix-placeholder = The right words
button-cancel-fix = ✖️ Cancel
fix-cancelled = All right, it stays as it is.
fix-empty = There were no words in that, so I changed nothing. Please send what it should read.
fix-kept = I have corrected that. As it is an earlier message, I do not answer it anew.
# Of a dialog; title and buttons have at most 24 characters.
fix-title = What was said
fix-label = How it should read
fix-submit = Correct
fix-cancel = Cancel
