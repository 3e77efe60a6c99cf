# What the handbook engine says and understands.

handbook-thinking = Looking it up…

# Shown under an answer. $document: title of the page; $source: its file and section; $level: one of the three below;
# $percent: how much of the question was found there.
handbook-source = 📖 { $document }: `{ $source }` · Confidence: { $level } ({ $percent } %)
handbook-high = high
handbook-medium = medium
handbook-low = low
# $topic: heading of another passage that may help.
handbook-topic = - { $topic }

handbook-unsure = I am not sure that this is what you mean, but it is the nearest I have found:
handbook-perhaps = **Perhaps you mean:**
handbook-unknown = I do not know the answer: there is nothing about it in my handbook. I would rather say so than guess. Try other words, or ask about one of these:
handbook-unknown-nearest = I do not know the answer: my handbook says too little about it. I would rather say so than guess. The nearest topics are:
handbook-no-words = I found no words in your message that I could look up. Ask me in a sentence, for example:

# $name: the user's name; may be empty.
handbook-greeting =
    { LENGTH($name) ->
        [0] Hello!
       *[other] Hello, { $name }!
    } What would you like to know? You can ask, for example:
handbook-thanks = You are welcome. Ask whenever something else comes up.
handbook-bye = Goodbye. I will be here when you come back.
# $title: title of the specialist; $description: a sentence about it.
handbook-abilities =
    I am the specialist **{ $title }**. { $description }

    I answer from the handbook by full-text search, name the source, and say so when I do not know. You can also send me files (PDF, Word, Excel, CSV, text and more): I quote a page, find words and compute columns. Voice messages are understood where the platform has something that listens. Ask me, for example:

# Words to recognise, separated by commas, in lower case and without punctuation.
handbook-hear-greeting = hello, hi, hey, hiya, howdy, good morning, good afternoon, good evening, good day, greetings, hi there, hello there, hey there, hi bot, hello bot, hey bot, i have a question, how are you, how are you doing, how is it going, what is up
handbook-hear-thanks = thanks, thank you, thank you very much, thanks a lot, many thanks, thx, ty, cheers, great thanks, thank you so much, perfect, great, awesome, cool, ok, okay, got it
handbook-hear-bye = bye, goodbye, bye bye, see you, see you later, good night, farewell
handbook-hear-abilities = what can you do, what can you do for me, what do you do, who are you, what are you, help, help me, how can you help, how can you help me, what do you know, what can i ask, what can i ask you, tell me about yourself, introduce yourself, start
# Words of a question that do not say what it is about.
handbook-fillers = please, tell me, explain, explain to me, show me, i want to know, i would like to know, i want to, i would like to, i need to, help me, help me to, could you, can you, do you know, exist, a question, question
