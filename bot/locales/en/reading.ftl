# What the handbook engine says and understands about the files of a conversation.

reading-thinking = Looking into your files…

# Where something stands. $range: a number or several, as in `3–5`; $count: how many; $name: of a sheet or a section.
reading-page =
    { $count ->
        [one] page { $range }
       *[other] pages { $range }
    }
reading-slide =
    { $count ->
        [one] slide { $range }
       *[other] slides { $range }
    }
reading-section =
    { $count ->
        [one] section { $range }
       *[other] sections { $range }
    }
reading-sheet = sheet { $name }
reading-lines =
    { $count ->
        [one] line { $range }
       *[other] lines { $range }
    }
reading-rows =
    { $count ->
        [one] row { $range }
       *[other] rows { $range }
    }
# $letter: of the column; $heading: what stands above it, may be empty.
reading-column =
    { LENGTH($heading) ->
        [0] column { $letter }
       *[other] column { $letter } ({ $heading })
    }

# How much of something there is. $count: how many.
reading-pages-in-all = { $count ->
        [one] 1 page
       *[other] { $count } pages
    }
reading-slides-in-all = { $count ->
        [one] 1 slide
       *[other] { $count } slides
    }
reading-sections-in-all = { $count ->
        [one] 1 section
       *[other] { $count } sections
    }
reading-sheets-in-all = { $count ->
        [one] 1 sheet
       *[other] { $count } sheets
    }
reading-lines-in-all = { $count ->
        [one] 1 line
       *[other] { $count } lines
    }
reading-rows-in-all = { $count ->
        [one] 1 filled row
       *[other] { $count } filled rows
    }

# The citation under a quotation. $place: name of the file and the place in it.
reading-source = 📄 `{ $place }`
# $percent: how much of the question was found there.
reading-source-found = 📄 `{ $place }` · found { $percent } % of your words
reading-cut = The file was longer than I read; its end is missing.
# $count: how many characters the whole place has.
reading-shortened = This is only the beginning: the whole has { $count } characters.
# $file: its name; $extent: how much there is of it.
reading-none-there = `{ $file }` has { $extent }. What you ask for is not among them.
reading-empty-there = There is no text in it.
reading-no-sheets = `{ $file }` is no spreadsheet, so it has no columns that I could compute.
reading-no-column = I did not find that column in `{ $file }`. It has:
# $column: which one.
reading-no-numbers = There are no numbers in { $column }.

# The result. $what: one of the operations below; $column: which column; $number: the result.
reading-result = **{ $what } of { $column }: { $number }**
reading-sum = Sum
reading-average = Average
reading-median = Median
reading-min = Smallest value
reading-max = Largest value
reading-count = Filled cells
# $count: how many numbers were counted.
reading-counted = { $count ->
        [one] One number was counted.
       *[other] { $count } numbers were counted.
    }
# $cells: a list.
reading-left-out = Left out: { $cells }.
# $row: its number; $cell: what stands there.
reading-left-total = row { $row } ({ $cell }: a total)
reading-left-words = row { $row } ({ $cell }: no number)
# $count: how many more.
reading-left-more = { $count } more
# $units: a list.
reading-units = Mind that the numbers have different units: { $units }.
reading-no-unit = none
reading-doubtful = Numbers like 1,234 were taken for thousands; nothing in the sheet proves it.
reading-last-is-sum = Mind that the last number is the sum of all before it. If it is a total, it was counted twice.
# $names: a list of sheets.
reading-other-sheets = That column is there in other sheets too: { $names }.
reading-about = about { $number }

# What a document has. $file: its name; $extent: how much there is of it.
reading-outline = `{ $file }`: { $extent }.
reading-no-model = There is no language model here, so I cannot summarise. I can quote what stands in it, word for word:
reading-more-parts = … and { $count } more.
# $columns: a list.
reading-columns = columns { $columns }
reading-ask = You can ask, for example:
# $words: what stands in the file.
reading-not-found = I did not find an answer to that in `{ $file }`. There is no language model here, so I look for your own words. Try those that stand in the file.

# Questions that can be asked with a tap.
reading-ask-page = What does page { $number } say?
reading-ask-slide = What does slide { $number } say?
reading-ask-section = What does section { $number } say?
reading-ask-lines = What do lines { $range } say?
# $letter: of a column.
reading-ask-sum = Sum column { $letter }
reading-ask-average = Average of column { $letter }

# Words to recognise, separated by commas, in lower case; one form of each is enough.
reading-hear-page = page, pages, pg
reading-hear-slide = slide, slides
reading-hear-sheet = sheet, sheets, worksheet, tab
reading-hear-section = section, sections, chapter, chapters, part, parts
reading-hear-lines = line, lines, row, rows
reading-hear-column = column, columns, col
reading-hear-sum = sum, total, add, altogether, summed
reading-hear-average = average, mean, avg
reading-hear-median = median
reading-hear-min = min, minimum, smallest, lowest, least, minimal
reading-hear-max = max, maximum, largest, highest, biggest, greatest, maximal
reading-hear-count = count, many, number
reading-hear-compute = calculate, compute, calc
reading-hear-first = first
reading-hear-last = last, final
reading-hear-range = to, till, until, through, and
reading-hear-file = file, files, document, documents, doc, pdf, attachment, attachments, spreadsheet, spreadsheets, excel, xlsx, csv, docx, pptx, presentation, table, workbook
reading-hear-outline = summarise, summarize, summary, summaries, overview, outline, contents, content, contain, gist, describe, description, read, look, see, analyse, analyze, review, short, brief, briefly, main, list, about, inside, many, say, says, here, open, show, check, point, points, idea, structure
reading-hear-question = many, much, long, say, says, said, stand, stands, written, write, mention, mentioned, according, find, search, look, show, read, quote, inside
# In order, from the first; several forms of one are divided by a slash.
reading-hear-ordinals = first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth
reading-hear-cardinals = one, two, three, four, five, six, seven, eight, nine, ten
