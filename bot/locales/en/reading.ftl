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
reading-which-column = Which column do you mean? `{ $file }` has:
# $words: what was said besides the column.
reading-part-asked = I did not compute that: I can only take a whole column, and you also said { $words }. These rows have it:
reading-part-not-found = I did not compute that: I can only take a whole column, and you also said { $words }. No row has those words; the rows begin like this:
# $word: one of them.
reading-said = “{ $word }”
# $file: its name; $extent: how much there is of it.
reading-count-of = `{ $file }` has { $extent }.
# $count: how many rows below the headings have something in them, totals included.
reading-rows-below = { $count ->
        [one] 1 filled row below the headings (rows of totals included)
       *[other] { $count } filled rows below the headings (rows of totals included)
    }
reading-empty-cell = There is nothing in that cell.
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
reading-left-total = row { $row } ({ $cell }: a total or an average)
reading-left-words = row { $row } ({ $cell }: no number)
# $count: how many more.
reading-left-more = { $count } more
# $units: a list.
reading-units = Mind that the numbers have different units: { $units }.
reading-no-unit = none
# What is asked of a file that could not be used.
reading-unread = I cannot answer that: the file that you ask about could not be used.
reading-doubtful = Numbers like 1,234 were taken for thousands; nothing in the sheet proves it.
reading-doubtful-decimals = Numbers like 1.250 were read with a decimal point; nothing in the sheet proves that they are no thousands.
# $row: number of a row.
reading-counted-year = Row { $row } was counted; its number looks like a year and may be a heading.
reading-next-table = Another table begins in row { $row }; nothing from there on was counted.
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
reading-hear-page = page, pages, pg, p, pp
reading-hear-slide = slide, slides
reading-hear-sheet = sheet, sheets, worksheet, tab
reading-hear-section = section, sections, chapter, chapters, part, parts
reading-hear-lines = line, lines, row, rows
reading-hear-column = column, columns, col
reading-hear-cell = cell
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
reading-hear-both = and, plus
reading-hear-file = file, files, document, documents, doc, pdf, attachment, attachments, spreadsheet, spreadsheets, excel, xlsx, csv, docx, pptx, presentation, table, workbook
# What somebody asks for who wants to know what is in a file.
reading-hear-summary = summarise, summarize, summary, summaries, overview, outline, contents, content, contain, gist, describe, description, analyse, analyze, review, short, brief, briefly, main, about, inside, point, points, idea, structure, tl, dr, tldr
# Words that ask for that only where a file is spoken of too.
reading-hear-looking = read, look, see, list, many, say, says, here, open, show, check
# Words of a question that is not about what is in a file.
reading-hear-asking = which, where, how
reading-hear-other = who, whose, when, why
reading-hear-modal = can, may, could, might, allowed, possible
# What the rows of a table are called.
reading-hear-entry = entry, entries, record, records, item, items
# Words around the computing of a column that change nothing about it.
reading-hear-neutral = number, numbers, value, values, cell, cells, figure, figures, whole, entire, result, give, find, fill, filled, full, data, overall, up, contain, work, everything
# Headings of columns whose sum says nothing.
reading-hear-unsummed = id, no, nr, number, code, index, year, zip, phone, balance
reading-hear-question = many, much, long, say, says, said, stand, stands, written, write, mention, mentioned, according, find, search, look, show, read, quote, inside
# In order, from the first; several forms of one are divided by a slash.
reading-hear-ordinals = first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth
reading-hear-cardinals = one, two, three, four, five, six, seven, eight, nine, ten
