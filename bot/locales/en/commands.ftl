# What the commands of the chat answer. Texts are Markdown; the messenger's adapter renders them.

help =
    Just write, and the right specialist answers. Edit your latest message, and I answer it anew.

    { "**" }Who answers**

    - /specialists shows the team; `@name` and your question asks one of them
    - /stop stops the answer that is being written

    { "**" }Your conversations**

    - /new starts a fresh one
    - /threads lists them, /open goes on with one
    - /search finds what was said
    - /rename, /archive and /delete tidy up
    - /export gives you everything as a file

    { "**" }How I work for you**

    - /settings shows all settings; /language, /thinking and /voice change them
    - /memory is what I keep in mind about you
    - /link joins your messengers: the same conversations everywhere
    - /usage shows what your answers took
    - /forget erases everything about you

    In a group, mention me or reply to one of my messages.

# $name: what the user typed after the slash.
unknown-command = I do not know the command /{ $name }. Send /help to see those I know.
# $nearest: the command that looks most like it.
unknown-command-nearest = I do not know the command /{ $name }. Did you mean /{ $nearest }? /help shows them all.
only-privately = This is between you and me. Please send it to me in our private chat, where nobody else reads the answer.
nothing-changed = All right, everything stays as it is.
you = You
button-keep = No, keep it
button-newer = ‹ Newer
button-older = Older ›

specialists-title = **Who is here for you**
# $title: emoji and title; $description: one sentence; $now: yes for the one who answers at the moment.
specialists-line =
    - **{ $title }** — { $description }{ $now ->
        [yes] { " " }✓
       *[no] { "" }
    }
# $name: what the user typed.
specialist-unknown = I know no specialist called “{ $name }”. These are here:
# Nobody in particular: a button, and what is said when it was pressed.
specialist-anyone = Whoever fits best
specialist-anyone-chosen = From now on whoever fits your question best answers here.
# $title: emoji and title; $description: one sentence; $starters: how many suggestions follow as buttons.
specialist-hello =
    { "**" }{ $title }** is with you now.

    { $description } { $starters ->
        [0] What can I do for you?
       *[other] Ask me anything, or begin with one of these:
    }

threads-title-archived = **Your archived conversations**
threads-none-archived = Nothing is archived. /archive puts a conversation away.
# $number: what the user typed.
open-no-number = There is no conversation number { $number } in your list. /threads shows it.
# $words: what the user typed.
open-no-words = I found no conversation about “{ $words }”. /threads shows your list.
open-several = **Several conversations match. Which one?**
# $title: title of the conversation. What was said last follows.
thread-opened-again = You are back in **{ $title }**. Just go on writing.
no-thread-here = There is no conversation here yet. Write me something, and it begins.
rename-how = Please write the new title after the command, as in `/rename Bridge project`.
# $title: title of the conversation.
renamed = This conversation is now called **{ $title }**.
archived = **{ $title }** is put away; your next message begins a fresh conversation. /threads archived shows what you have put away.
button-open-again = Open it again
delete-ask = Delete **{ $title }** with all that was said in it? This cannot be undone.
# Of a conversation held with others.
delete-ask-shared = Delete what you said in **{ $title }**, and my answers to it? What others said there stays. This cannot be undone.
delete-yes = Yes, delete it
deleted = **{ $title }** is deleted.
deleted-shared = What you said in **{ $title }** is deleted.
delete-gone = This conversation is deleted already.

search-how = Please write what you are looking for after the command, as in `/search opening hours`.
# $words: what the user typed.
search-none = I found nothing about “{ $words }” in your conversations. Other words may help.
search-title = **What was said about “{ $words }”**
# $number: place in the list; $title: title of the conversation; $when: day of the message; $shared: yes for one that is held
# with others.
search-hit =
    { $number }\. **{ $title }** · { $shared ->
        [yes] { $when }, with others
       *[no] { $when }
    }

export-how = I can export as `md`, `json` or `html`: this conversation, as in `/export html`, or all of them, as in `/export html all`.
export-nothing = Nothing was said here yet, so there is nothing to export.
export-all = All conversations
# $count: conversations; $messages: messages in them.
export-done =
    { $count ->
        [one] Your conversation, word for word
       *[other] Your { $count } conversations, word for word
    }: { $messages ->
        [one] { $messages } message
       *[other] { $messages } messages
    }.
export-too-large = All of that is too large to be sent here as one file. Please export the conversations one by one: open one with /threads, then send /export.
# Inside an exported file, for people to read. Plain text.
export-title = Conversations with Switchboard
# $time: when it was exported; $count: conversations; $name: the user's name, may be empty.
export-about =
    Exported { $time }{ LENGTH($name) ->
        [0] { "" }
       *[other] { " " }for { $name }
    }. { $count ->
        [0] No conversations.
        [one] { $count } conversation.
       *[other] { $count } conversations.
    }
# $messenger: where it was held; $begun, $active: times of the first and the last message; $archived: yes or no.
export-held =
    { $messenger }, begun { $begun }, last active { $active }{ $archived ->
        [yes] , archived
       *[no] { "" }
    }
# $number: 2 after the first change or new answer.
export-version = version { $number }
export-stopped = stopped
export-failed = not finished
# $name: name of the file.
export-file = File: { $name }
# What the user sent. $name: its name; $kind: what it consists of; $count: how many of these.
export-sent = Sent: { $name }
export-sent-parts =
    Sent: { $name } ({ $kind ->
        [page] pages
        [slide] slides
        [sheet] sheets
        [section] sections
       *[lines] parts
    }: { $count })
export-facts = Kept in mind
export-briefs = Orders

memory-title = **What I keep in mind about you**
memory-title-off = **What I kept in mind about you.** Nothing is added any more, as remembering is switched off here.
memory-hint = A ✕ removes the entry with that number, `/memory add` and a sentence adds one, `/memory clear` removes all.
memory-empty = I keep nothing in mind about you. Ask me to remember something, or write it after `/memory add`.
memory-off = Nothing about you is kept beyond your conversations: remembering is switched off here.
# $limit: the most characters.
memory-add-how = Please write what I should keep in mind after `/memory add`, in at most { $limit } characters.
# $text: what is kept.
memory-added = I will keep that in mind: { $text }
memory-full = My memory of you is full. Please remove something first: /memory
memory-clear-ask =
    Should I forget { $count ->
        [one] the one thing
       *[other] all { $count } things
    } I keep in mind about you? Your conversations stay.
memory-clear-yes = Yes, forget them
memory-cleared = Done. I keep nothing in mind about you.

usage-title = **What your answers took**
usage-today = Today
usage-month = Last 30 days
# $span: one of the two above; $turns: questions; $input, $output: tokens; $spoken: yes or no, and $speech: minutes and
# seconds heard and spoken, as in 1:05; $cost: ready to show.
usage-span =
    { "**" }{ $span }:** { $turns ->
        [0] nothing asked
        [one] { $turns } question
       *[other] { $turns } questions
    } · tokens: { $input } read, { $output } written{ $spoken ->
        [yes] { " " }· speech: { $speech }
       *[no] { "" }
    } · cost: { $cost }
usage-span-free =
    { "**" }{ $span }:** { $turns ->
        [0] nothing asked
        [one] { $turns } question
       *[other] { $turns } questions
    } · no model was needed
usage-cost-unknown = unknown
# $cost: the part that is known.
usage-cost-at-least = at least { $cost }, the rest is unknown
usage-specialists = **By specialist, last 30 days**
# $specialist: emoji and title; $tokens: read and written together; $cost: ready to show.
usage-specialist =
    - { $specialist }: { $tokens ->
        [one] { $tokens } token
       *[other] { $tokens } tokens
    }, cost { $cost }
# $tokens: how many.
usage-left-user = Left for you today: { $tokens } tokens.
usage-left-workspace = Left today for everybody here together: { $tokens } tokens.
usage-no-limit = There is no daily limit for you here.
# $time: time of day in UTC; $hours: how long until then.
usage-resets =
    The count begins anew at { $time } UTC, { $hours ->
        [one] in about an hour
       *[other] in about { $hours } hours
    }.

# $language: its name; $thinking: one of the three below; $voice: on, off or none; $remembers: yes or no; $facts: how many; $messengers: names.
settings =
    { "**" }Your settings**

    - Language: { $language }
    - Thinking aloud: { $thinking }
    - Spoken replies: { $voice ->
        [on] on
        [off] off
       *[none] not offered here
    }
    - Memory: { $remembers ->
        [yes] on, { $facts ->
            [0] nothing kept
            [one] { $facts } entry
           *[other] { $facts } entries
        }
       *[no] off here
    }
    - You are known on: { $messengers }
settings-language = Language
settings-thinking = Thinking
settings-voice = Spoken replies
settings-memory = Memory
settings-link = Link a messenger
language-name = English
language-choose = Which language shall I use for menus and notes? Answers come in the language you write.
language-set = From now on my menus and notes are in English.
thinking-choose = While an answer is being made, how much of the thinking behind it do you want to see? It disappears when the answer is there.
thinking-name-off = Nothing
thinking-name-brief = In brief
thinking-name-full = Everything
# $level: off, brief or full.
thinking-set =
    { $level ->
        [off] I will think quietly and show you the answer only.
        [full] I will show you all of my thinking while I work.
       *[brief] I will show you in brief what I am thinking while I work.
    }

voice-choose = Shall I also speak my answers? The text comes first, the voice a moment later.
voice-name-on = Spoken too
voice-name-off = Text only
# $state: on or off.
voice-set =
    { $state ->
        [on] From now on I also speak my answers: the text comes first, the voice a moment later. Code and tables are only written.
       *[off] From now on my answers are text only.
    }
voice-not-here = I cannot speak my answers here: no voice is set up on this platform. You can still send me voice messages wherever those are understood.

# $code: the code; $minutes: how long it is valid.
link-code =
    Your code is `{ $code }`.

    Open me in your other messenger and send me there: `/link { $code }`

    It works once, within { $minutes } minutes. Give it to nobody: whoever uses it shares your conversations.
link-ask =
    Shall I join this account with the one that made the code? All conversations of both will then be in both.

    { "**" }Go on only if you made the code yourself.** Whoever made it will read everything you wrote to me.
link-yes = I made it: join them
link-no = Do not join
linked = Done, you are one person now on: { $messengers }. /threads shows all your conversations, and /open goes on with any of them here.
link-wrong = This code does not work: it may be older than ten minutes, used already, or mistyped. /link in the other messenger makes a new one.
link-yourself = This code is from this very account. Make one with /link in one messenger and send it to me in the other.
# $minutes: how long to wait.
link-too-often = Those were many tries. Please wait { $minutes } minutes, then make a new code with /link.

forget-ask =
    { "**" }Erase everything about you?** Your conversations, files, settings, what I keep in mind and your links to other messengers will be gone for good, here and on every messenger you have linked. Nobody can bring them back.

    /export all gives you a copy first. What you see in this chat itself stays until you delete it here.
forget-yes = Yes, erase everything
forgotten = Done: I am erasing everything about you now. Thank you for the time we had. Should you ever write again, we begin as strangers. Farewell! 👋

# Descriptions in the messenger's command menu.
command-new = Start a fresh conversation
command-specialists = Choose who answers
command-threads = Your conversations
command-search = Find what was said
command-stop = Stop the current answer
command-rename = Give this conversation a title
command-archive = Put this conversation away
command-delete = Delete this conversation
command-export = Your conversations as a file
command-memory = What I keep in mind about you
command-usage = What your answers took
command-settings = Your settings
command-thinking = How much thinking you see
command-voice = Spoken replies, on or off
command-language = Language of menus and notes
command-link = Join your messengers
command-forget = Erase everything about you
command-help = What you can do here
