# Страница чата в браузере. $name — имя специалиста.
web-new = Новый разговор
web-conversations = Разговоры
web-conversation = Разговор
web-open-list = Показать разговоры
web-close-list = Скрыть разговоры
web-untitled = Разговор без названия
web-skip = Перейти к полю сообщения
web-hello = Здравствуйте! Чем могу помочь?
web-message = Сообщение · { $name }
web-message-anyone = О чём вы хотите спросить?
web-send = Отправить
web-stop = Остановить ответ
web-hint = Enter — отправить, Shift + Enter — новая строка. Ответы могут быть неточными: важное проверяйте.
web-you = Вы
web-thinking = Думаю…
web-queued = Ваше сообщение в очереди…
web-routing = Подбираем специалиста…
web-going-on = Продолжаю…
web-stopped = Остановлено
web-try-again = Попробовать ещё раз
web-again = Ответить заново
web-up = Хороший ответ
web-down = Плохой ответ
web-edit = Изменить
web-save = Сохранить и спросить снова
web-cancel = Отмена
web-close = Закрыть
web-copy = Копировать
web-copy-code = Копировать
web-more = Показать целиком
web-less = Свернуть
web-version = Версия { $number }
web-earlier = Показать более ранние сообщения
web-latest = К последнему сообщению
web-not-found = В этом браузере такого разговора нет. Здесь можно начать новый.

# Кто отвечает.
web-team = Или спросите специалиста
web-ask = Кто должен ответить?
web-ask-whom = Кто должен ответить? Сейчас: { $name }
web-anyone = Автоматически
web-anyone-text = Найдёт подходящего специалиста для вашего вопроса

# Насколько специалист уверен в ответе и чем он занят.
web-confidence = Насколько специалист уверен в этом ответе
web-confidence-high = Уверенность высокая
web-confidence-medium = Уверенность средняя
web-confidence-low = Уверенность низкая
web-unsure = Я не уверен в этом ответе
web-escalated = Этот вопрос передан человеку
web-status-active = Отвечает
web-status-monitoring = Ждёт инструмент
web-status-learning = Учится
web-status-paused = На паузе
web-status-escalated = Передано человеку
web-status-reviewing = Ждёт вашего решения
web-status-confident = Уверен
web-status-uncertain = Не уверен
web-status-training = На подготовке
web-status-idle = Свободен

# Ответ, который продолжится только с согласия посетителя.
web-leave = Можно ли мне это сделать?
web-approve = Разрешить
web-deny = Отклонить

# Файлы. $name — имя файла, $size — число.
web-download-file = Скачать { $name }
web-bytes = { $size } Б
web-kilobytes = { $size } КБ
web-megabytes = { $size } МБ

# Файлы и записи, которые идут с сообщением. $name — имя файла.
web-attach = Прикрепить файлы
web-tray = Файлы к сообщению
web-drop = Отпустите файлы здесь, чтобы прикрепить их
web-attached-file = Файл «{ $name }» прикреплён.
web-remove-file = Убрать файл «{ $name }»
web-removed-file = Файл «{ $name }» убран.
web-attach-again = Прикрепить файл «{ $name }» ещё раз
web-attach-failed = Не всё удалось прикрепить. Уберите такой файл или попробуйте ещё раз, а потом отправьте.
web-upload-too-large = Файл «{ $name }» слишком велик: можно отправить не больше { $megabytes } МБ.
web-upload-empty = Файл «{ $name }» пуст.
web-upload-broken = Файл «{ $name }» не дошёл. Проверьте соединение и попробуйте ещё раз.
web-upload-gone = Одного из файлов больше нет. Прикрепите его ещё раз.
web-upload-gone-file = Файла «{ $name }» больше нет.
web-upload-too-many = Вы уже прикрепили файлов: { $count }. Сначала отправьте или уберите часть из них.
web-upload-too-much = Вы уже прикрепили больше { $megabytes } МБ. Сначала отправьте или уберите что-нибудь.
web-upload-crowded = Сейчас сюда загружают слишком много. Попробуйте ещё раз через несколько минут.
web-upload-stranger = Страница вас больше не узнаёт. Обновите её и попробуйте ещё раз.
web-record = Записать голосовое сообщение
web-recording = Идёт запись. Enter отправит её, Escape отменит.
web-record-send = Отправить запись
web-record-cancel = Отменить запись
web-record-cancelled = Запись отменена.
web-record-full = Длиннее записывать нельзя. Отправьте запись или отмените её.
web-mic-denied = Браузер не пускает эту страницу к микрофону. Разрешить можно рядом с адресом страницы.
web-mic-missing = Микрофон не найден.
web-mic-unsupported = Этот браузер не умеет записывать звук.
web-mic-insecure = Браузеры дают микрофон только страницам с https. Можно прикрепить звуковой файл.
web-mic-broken = Не удалось включить микрофон. Возможно, он занят другой программой.

# То, что пришло с сообщением посетителя.
web-voice = Голосовое сообщение
web-listening = Слушаю…
web-unheard = Ещё не прослушано
web-reading = Читаю…
web-unread = Ещё не прочитано
web-unusable = Не удалось использовать файл «{ $name }».
web-cut = прочитано только начало
web-fix = Исправить
web-fix-long = Исправить услышанное
web-parts-page = { $count ->
    [one] { $count } страница
    [few] { $count } страницы
   *[many] { $count } страниц
}
web-parts-slide = { $count ->
    [one] { $count } слайд
    [few] { $count } слайда
   *[many] { $count } слайдов
}
web-parts-sheet = { $count ->
    [one] { $count } лист
    [few] { $count } листа
   *[many] { $count } листов
}
web-parts-section = { $count ->
    [one] { $count } раздел
    [few] { $count } раздела
   *[many] { $count } разделов
}
web-parts-lines = { $count ->
    [one] { $count } отрывок
    [few] { $count } отрывка
   *[many] { $count } отрывков
}
web-spoken = Ответ голосом

# Список разговоров. $name — название разговора.
web-search = Поиск по разговорам
web-found = Найдено
web-nothing-found = Ничего не нашлось. Попробуйте другие слова или меньше слов.
web-archive = Архив
web-archived = Архив
web-leave-archive = Назад
web-archive-empty = В архиве ничего нет.
web-menu = Действия с разговором
web-menu-of = Действия с разговором «{ $name }»
web-rename = Переименовать
web-rename-save = Переименовать
web-archive-this = В архив
web-restore = Вернуть из архива
# $format: название формата файла.
web-export = Скачать как { $format }
web-delete = Удалить…
web-delete-ask = Удалить этот разговор?
web-delete-text = Всё, что в нём сказано, и его файлы исчезнут навсегда.
web-delete-yes = Удалить навсегда

# Настройки.
web-settings = Настройки
web-language = Язык
web-thinking-setting = Показывать ход мыслей специалиста
web-thinking-off = Не показывать
web-thinking-brief = Кратко
web-thinking-full = Полностью
web-do-link = Подключить другой мессенджер
web-do-memory = Что обо мне запомнено
web-do-usage = Мой расход и лимиты
web-do-forget = Удалить все мои данные…
