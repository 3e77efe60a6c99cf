# Что движок справочника говорит и понимает о файлах разговора.

reading-thinking = Смотрю в ваших файлах…

# Где что-то стоит. $range: номер или несколько, как `3–5`; $count: сколько их; $name: листа или раздела.
reading-page =
    { $count ->
        [one] страница { $range }
       *[other] страницы { $range }
    }
reading-slide =
    { $count ->
        [one] слайд { $range }
       *[other] слайды { $range }
    }
reading-section =
    { $count ->
        [one] раздел { $range }
       *[other] разделы { $range }
    }
reading-sheet = лист { $name }
reading-lines =
    { $count ->
        [one] строка { $range }
       *[other] строки { $range }
    }
reading-rows =
    { $count ->
        [one] строка { $range }
       *[other] строки { $range }
    }
# $letter: буква столбца; $heading: что стоит над ним, может быть пустым.
reading-column =
    { LENGTH($heading) ->
        [0] столбец { $letter }
       *[other] столбец { $letter } ({ $heading })
    }

# Сколько чего есть. $count: сколько.
reading-pages-in-all = { $count ->
        [one] { $count } страница
        [few] { $count } страницы
       *[other] { $count } страниц
    }
reading-slides-in-all = { $count ->
        [one] { $count } слайд
        [few] { $count } слайда
       *[other] { $count } слайдов
    }
reading-sections-in-all = { $count ->
        [one] { $count } раздел
        [few] { $count } раздела
       *[other] { $count } разделов
    }
reading-sheets-in-all = { $count ->
        [one] { $count } лист
        [few] { $count } листа
       *[other] { $count } листов
    }
reading-lines-in-all = { $count ->
        [one] { $count } строка
        [few] { $count } строки
       *[other] { $count } строк
    }
reading-rows-in-all = { $count ->
        [one] { $count } заполненная строка
        [few] { $count } заполненные строки
       *[other] { $count } заполненных строк
    }

# Ссылка под цитатой. $place: имя файла и место в нём.
reading-source = 📄 `{ $place }`
# $percent: какая часть вопроса там нашлась.
reading-source-found = 📄 `{ $place }` · найдено { $percent } % ваших слов
reading-cut = Файл длиннее, чем я читаю: конца не хватает.
# $count: сколько знаков во всём месте.
reading-shortened = Это только начало: всего здесь знаков — { $count }.
# $file: его имя; $extent: сколько в нём чего.
reading-none-there = В файле `{ $file }` — { $extent }. Того, о чём вы спрашиваете, среди этого нет.
reading-empty-there = Текста там нет.
reading-no-sheets = `{ $file }` — не таблица, столбцов для подсчёта в нём нет.
reading-no-column = Не нахожу такого столбца в файле `{ $file }`. В нём есть:
# $column: который.
reading-no-numbers = Здесь нет чисел: { $column }.

# Результат. $what: одно из действий ниже; $column: который столбец; $number: результат.
reading-result = **{ $what }, { $column }: { $number }**
reading-sum = Сумма
reading-average = Среднее
reading-median = Медиана
reading-min = Наименьшее значение
reading-max = Наибольшее значение
reading-count = Заполненных ячеек
# $count: сколько чисел посчитано.
reading-counted = { $count ->
        [one] Учтено { $count } число.
        [few] Учтено { $count } числа.
       *[other] Учтено { $count } чисел.
    }
# $cells: список.
reading-left-out = Не учтено: { $cells }.
# $row: её номер; $cell: что там стоит.
reading-left-total = строка { $row } ({ $cell }: это итог)
reading-left-words = строка { $row } ({ $cell }: не число)
# $count: сколько ещё.
reading-left-more = и ещё { $count }
# $units: список.
reading-units = Обратите внимание: у чисел разные единицы: { $units }.
reading-no-unit = без единицы
reading-doubtful = Числа вида 1,234 приняты за тысячи; ничто в таблице этого не доказывает.
reading-last-is-sum = Обратите внимание: последнее число равно сумме всех предыдущих. Если это итог, он посчитан дважды.
# $names: список листов.
reading-other-sheets = Такой столбец есть и на других листах: { $names }.
reading-about = примерно { $number }

# Что есть в документе. $file: его имя; $extent: сколько в нём чего.
reading-outline = `{ $file }`: { $extent }.
reading-no-model = Языковой модели здесь нет, поэтому пересказать я не могу. Могу процитировать дословно то, что в нём стоит:
reading-more-parts = … и ещё { $count }.
# $columns: список.
reading-columns = столбцы { $columns }
reading-ask = Можно спросить, например:
# $words: что стоит в файле.
reading-not-found = Я не нашёл ответа на это в файле `{ $file }`. Языковой модели здесь нет, поэтому я ищу сами слова вопроса. Попробуйте те, что стоят в файле.

# Вопросы, которые можно задать одним нажатием.
reading-ask-page = Что на странице { $number }?
reading-ask-slide = Что на слайде { $number }?
reading-ask-section = Что в разделе { $number }?
reading-ask-lines = Что в строках { $range }?
# $letter: буква столбца.
reading-ask-sum = Сумма столбца { $letter }
reading-ask-average = Среднее по столбцу { $letter }

# Слова, которые нужно узнавать: через запятую, строчными буквами; хватит одной формы каждого.
reading-hear-page = страница, странице, страниц, стр
reading-hear-slide = слайд, слайды, слайде
reading-hear-sheet = лист, листе, листы, вкладка
reading-hear-section = раздел, разделе, глава, главе, часть, части
reading-hear-lines = строка, строке, строки, строк, ряд
reading-hear-column = столбец, столбца, столбцу, столбце, столбцы, столбик, столбика, колонка, колонке, колонок, графа
reading-hear-sum = сумма, суммируй, просуммируй, просуммируйте, просуммировать, сложи, сложите, сложить, итого, всего, итог, суммарный, общий
reading-hear-average = средний, среднее, средняя, усредни
reading-hear-median = медиана
reading-hear-min = минимум, минимальный, наименьший, меньший, самый маленький
reading-hear-max = максимум, максимальный, наибольший, больший
reading-hear-count = сколько, количество, число, пересчитай
reading-hear-compute = посчитай, посчитайте, подсчитай, подсчитайте, вычисли, вычислите, рассчитай, рассчитайте, посчитать
reading-hear-first = первый, первые
reading-hear-last = последний, последняя, последние
reading-hear-range = по, до, и
reading-hear-file = файл, файле, документ, документе, пдф, вложение, таблица, таблице, эксель, презентация, книга
reading-hear-outline = кратко, вкратце, краткое, перескажи, перескажите, пересказ, содержание, содержимое, содержит, содержится, резюме, резюмируй, суть, обзор, опиши, опишите, изложи, прочитай, прочитайте, прочти, посмотри, посмотрите, проанализируй, проанализируйте, анализ, говорится, речь, написано, главное, основное, внутри, список, перечисли, сводка, выжимка, структура, сколько, идет, стоит, мысль, тут
reading-hear-question = сколько, говорится, написано, сказано, стоит, упоминается, найди, найдите, поищи, согласно, внутри, процитируй
# По порядку, с первого; разные формы одного через косую черту.
reading-hear-ordinals = первый, второй, третий, четвёртый, пятый, шестой, седьмой, восьмой, девятый, десятый
reading-hear-cardinals = один/одна, два/две/двух, три/трёх, четыре, пять, шесть, семь, восемь, девять, десять
