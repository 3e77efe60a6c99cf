"""The words that everybody uses about everything, in English and Russian: a match on one of them is mostly chance.

Chosen by how common they are in the language, not by what any specialist does.
"""

_ENGLISH = """
good great nice new old big small long short little high low right wrong bad best better well fine sure real whole
first last next early late today tomorrow yesterday now day night morning evening week month year hour minute time
one two three four five six seven eight nine ten many much lot few number part side kind way thing something anything
nothing everything someone anyone everyone people person man woman child friend family home house room place world
country city street door water food money name word life hand eye head body
be do have make give take put get go come see look watch hear listen say tell ask answer talk speak call think know
believe feel like love hate want need use try work help let keep hold leave stay move turn run walk sit stand play
open close start begin stop end finish show find lose buy sell pay send bring meet live die happen mean seem become
change add set read write learn understand remember forget wait follow
really very too quite maybe actually always never often still already yet again together away back here there
please thank sorry okay ok yes yeah
"""
_RUSSIAN = """
хороший хорошо лучший лучше плохой плохо новый старый большой маленький длинный короткий высокий низкий правильный
верный простой целый весь первый последний следующий прошлый ранний поздний сегодня завтра вчера день ночь утро вечер
неделя месяц год лет час минута время раз пора один два три четыре пять шесть семь восемь девять десять сколько
несколько число часть сторона вид способ вещь дело что-то ничего кто-то человек люди мужчина женщина ребенок друг
семья дом комната место мир страна город улица дверь вода еда деньги имя слово жизнь рука глаз голова тело
делать сделать сделай сделайте дать дай дайте взять возьми брать идти пойти прийти видеть увидеть смотреть посмотреть
посмотри слышать говорить говорят сказать спросить ответить звонить позвонить думать знать верить чувствовать любить
хотеть хочется нужный работать работает работа помочь помогите помоги помощь держать остаться двигаться бежать сидеть
стоять играть открыть закрыть начать начало остановить конец закончить показать покажи найти найди терять купить
продать платить прислать принести встретить жить умереть случиться значить казаться стать менять добавить поставить
читать писать написать напиши напишите учить понимать понять помнить забыть ждать
очень слишком довольно наверное всегда никогда часто опять снова вместе обратно быстро вообще просто вот давай
пожалуйста спасибо извините ладно ага
"""

EVERYDAY = f"{_ENGLISH}{_RUSSIAN}"
"""Separated by spaces."""
