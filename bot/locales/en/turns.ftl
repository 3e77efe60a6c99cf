# What the platform says in the course of a turn, around the words of a specialist.

# $specialist: emoji and title of the one who answers from here on.
takes-over = _{ $specialist } takes over._
# $first, $second: emoji and title of two specialists.
who-should-answer = Both { $first } and { $second } could help you with this. Who should answer?

# Shown under a reply that may go on only when somebody agrees; what it wants to do follows as a list.
leave-wanted = **May I do this?**
button-approve = ✅ Approve
button-deny = ✖️ Deny
leave-given = All right, going on…
leave-denied = I will not do it.

# $time: time of day, in UTC; $hours: how long until then.
quota-user =
    You have reached your limit for today. I will gladly go on at { $time } UTC, { $hours ->
        [one] in about an hour
       *[other] in about { $hours } hours
    }. /usage shows what was used.
quota-workspace =
    Everybody here together has reached the limit for today. I will gladly go on at { $time } UTC, { $hours ->
        [one] in about an hour
       *[other] in about { $hours } hours
    }.
quota-specialist =
    This specialist has answered you as often as it may today. It is back at { $time } UTC, { $hours ->
        [one] in about an hour
       *[other] in about { $hours } hours
    }; until then you can ask another one: /specialists
# $seconds: how long to wait.
too-fast =
    That was quick! I took no more of your messages for now. Please send this one again in { $seconds ->
        [one] a second
       *[other] { $seconds } seconds
    }.

# $text: what the user wanted to be reminded of.
reminder = ⏰ **Reminder:** { $text }

# Shown at a button.
slow-down = That was quick! Please wait a minute before you ask for another answer.
