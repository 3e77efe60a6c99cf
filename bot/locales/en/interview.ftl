# How an order is asked for when no model is set up: one question after the other.

# $title: title of the specialist; $count: how many questions.
interview-intro =
    You have reached **{ $title }**. I will ask you { $count ->
        [one] one short question
       *[other] { $count } short questions
    } and keep your answers as the brief of your order.

    To be honest with you: producing orders comes in a later version. Until then I keep the brief, and nothing is charged.
# $price: in Telegram Stars.
interview-price =
    Once it can be produced, this order costs { $price ->
        [one] 1 Telegram Star
       *[other] { $price } Telegram Stars
    }.
interview-words = Send **back** to return to the previous question, **skip** where an answer is optional, **cancel** to drop the order.
interview-resumed = Let us go on with your brief where we stopped.

# $number: which question; $count: how many there are; $question: the question.
interview-question = **{ $number } of { $count }.** { $question }
interview-optional = _You may leave this out: send "skip"._
# $answer: what was answered before.
interview-current = _So far: { $answer }. Send "skip" to leave it as it is._
interview-first = This is the first question already.
interview-needed = I cannot do without this answer.

interview-wrong-empty = There was no answer in your message.
# $limit: the most characters.
interview-wrong-long = This is too long to keep: at most { $limit } characters, please.
# $count: how many choices.
interview-wrong-choice = I could not tell which one you mean. Please send a number from 1 to { $count } or the words themselves.
interview-wrong-number = Please answer with one number, in digits.
# $bounds: which of the two are set; $least, $most: the smallest and the largest number.
interview-wrong-range =
    { $bounds ->
        [both] Please send a number from { $least } to { $most }.
        [least] Please send a number that is at least { $least }.
        [most] Please send a number that is at most { $most }.
       *[none] This number is too large for me.
    }

interview-summary = **Your brief**
# $number: place in the list; $question: the question; $answer: the answer, in a line.
interview-line = { $number }. { $question } → { $answer }
interview-none = no answer
interview-confirm = Is everything right? Send **yes**, or the number of an answer that you want to change.
interview-which = Which answer shall I change? Send its number.
interview-unclear = I did not understand that.
interview-saved = Thank you, your brief is saved. ✅ Producing orders comes in a later version; until then the brief is kept, and nothing is charged.
interview-kept = Your brief is safe here. The number of an answer changes it, **cancel** drops the order, and /new starts another conversation.
interview-cancelled = The order is dropped and its answers are deleted. Write to me whenever you want to start again.

# Words that can be tapped instead of written.
interview-word-yes = Yes
interview-word-skip = Skip

# Words to recognise, separated by commas, in lower case and without punctuation.
interview-hear-yes = yes, y, yep, yeah, yes please, ok, okay, right, correct, that is right, that is correct, all right, everything is right, all correct, looks good, fine, confirm, save, save it, done, sure
interview-hear-no = no, nope, n, none, nothing, no thanks, not yet, wrong, nothing else
interview-hear-back = back, go back, previous, previous question
interview-hear-skip = skip, skip it, skip this, next, pass, leave it out
interview-hear-cancel = cancel, cancel it, cancel the order, cancel order, drop it, drop the order, abort, stop the order
interview-hear-help = help, what can i say, how does this work
