# A user's own page in the messenger: titles are plain, texts are Markdown.

home-threads = Your conversations
home-threads-none = You have no conversations yet. Write me something, and the first one begins.
# $number: place in the list; $title: title of the thread; $when: time of the last message, ready to show; $state: now for the
# one that goes on in the chat, shared for one that is held with others in a channel, earlier for all the rest.
home-thread =
    { $number }\. { $title } · { $state ->
        [now] now
        [shared] { $when }, with others
       *[earlier] { $when }
    }
home-usage = What your answers took
home-specialist = Who answers
# $title: title of the specialist.
home-chosen = In our chat **{ $title }** answers. Choose somebody else here, or write `@name` before a question.
home-nobody-chosen = In our chat the one who fits your question best answers. Choose here who shall always answer.
home-thinking = Thinking aloud
home-thinking-about = How much of the thinking behind an answer you see while it is being made.
home-voice = Spoken replies
home-voice-about = Whether I also speak my answers in our chat, besides the text.
home-language = Language
home-language-about = Of menus and notes. Answers come in the language you write.

thread-stays = This conversation is held with others, so it goes on only where they can read it. Please write there.
