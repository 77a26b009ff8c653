
// What is shown. Whatever comes from outside becomes text nodes here, never HTML.
const say = JSON.parse(document.body.dataset.say)
const one = (id) => document.getElementById(id)

// As lang.Direction has it: from right to left if two words in five are.
const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Thaana}\p{Script=Syriac}\p{Script=Nko}\p{Script=Adlam}]/u
function direction (text) {
  let rtl = 0, ltr = 0
  for (const word of text.split(/\s+/)) {
    if (rightToLeft.test(word)) rtl++
    else if (/\p{L}/u.test(word) && !/:\/\/|@|^www\./.test(word)) ltr++
  }
  return rtl > 0 && 5 * rtl >= 2 * (rtl + ltr) ? 'rtl' : rtl + ltr > 0 ? 'ltr' : 'auto'
}

function dom (node, cite) {
  if (typeof node === 'string') return document.createTextNode(node)
  const [tag, attributes, ...kids] = node
  if (tag === 'cite') return cite(attributes.n, kids[0])
  const e = document.createElement(tag)
  for (const name in attributes) e.setAttribute(name, attributes[name])
  e.append(...kids.map(k => dom(k, cite)))
  return e
}

// words is the text of a tree without marks of citations, to be read aloud.
const words = node => typeof node === 'string' ? node : node[0] === 'cite' ? '' : node.slice(2).map(words).join('')

// paint shows a text. A block that stays the same stays the same node, and so
// keeps the reader's selection; each run of text is one node, so that letters join.
function paint (box, text, sources, cite) {
  const blocks = markdown.read(text, sources)
  const old = box.painted || []
  const keys = blocks.map(b => JSON.stringify(b))
  keys.forEach((key, i) => {
    if (key === old[i]) return
    const e = dom(blocks[i], cite)
    if (box.childNodes[i]) box.childNodes[i].replaceWith(e)
    else box.append(e)
  })
  while (box.childNodes.length > blocks.length) box.lastChild.remove()
  box.painted = keys
}

// steady leaves out the last character of a text that goes on: its marks may be on their way.
const segmenter = window.Intl && Intl.Segmenter && new Intl.Segmenter()
function steady (text) {
  if (!segmenter || /[\s.!?។၊။।።፧۔؟…]$/.test(text)) return text
  const tail = [...segmenter.segment(text.slice(-60))]
  return text.slice(0, text.length - (tail.length ? tail[tail.length - 1].segment.length : 0))
}

function announce (text) {
  const box = one('said')
  if (!text.trim()) return
  const p = document.createElement('p')
  p.textContent = text
  box.append(p)
  while (box.childNodes.length > 5) box.firstChild.remove()
}

const framed = 'frame' in document.body.dataset
const sayState = state => state === 'key_gone' && framed ? say.stale : say[state] || say.failed

function put (e, text) {
  if (e.textContent !== text) e.textContent = text
  e.hidden = !text
}

// place names where something can be read, with a link if a browser can go there.
function place (name, where) {
  const e = document.createElement('bdi')
  e.textContent = name
  if (!markdown.webAddress(where || '')) return e
  const a = document.createElement('a')
  a.href = where
  a.rel = 'noopener noreferrer'
  a.append(e)
  return a
}

let serial = 0

// A TurnView shows one question and its answer.
class TurnView {
  constructor (turn) {
    this.turn = turn
    this.serial = ++serial
    this.e = one('turn').content.firstElementChild.cloneNode(true)
    this.e.view = this
    const find = s => this.e.querySelector(s)
    Object.assign(this, { question: find('.question'), article: find('article'), notice: find('.notice'), old: find('.before'), text: find('[data-live]'),
      state: find('.state'), stop: find('.stop'), retry: find('.retry'), tools: find('.tools'), select: find('select'), sources: find('.sources'), again: find('[data-do=again]'), copy: find('[data-do=copy]'), feedback: find('.feedback') })
    this.question.textContent = turn.q
    this.question.dir = direction(turn.q)
    this.show()
  }

  show () {
    const t = this.turn, a = t.a || {}, running = t.state === 'waiting' || t.state === 'coming'
    if (a.taken && a.taken !== 'und') this.question.lang = a.taken
    put(this.notice, a.notice && say[a.notice] ? say[a.notice] : '')
    this.article.dataset.notice = a.notice || ''
    for (const box of [this.text, this.old.lastElementChild]) {
      if (a.lang) box.lang = a.lang
      box.dir = direction(t.text) === 'auto' ? a.dir || 'auto' : running ? direction(t.text) : a.dir || 'auto'
    }
    paint(this.text, t.state === 'coming' && t.text === t.fresh ? steady(t.text) : t.text, (a.sources || []).length, (n, text) => this.mark(n, text))
    this.old.hidden = !t.before
    if (t.before) paint(this.old.lastElementChild, t.before, 0)
    this.article.setAttribute('aria-busy', running)
    put(this.state, running ? '' : t.state === 'done' ? (a.cut ? say.cut : '') : sayState(t.state))
    if (t.state === 'key_gone' && !framed) this.state.append(' ', this.door())
    this.stop.hidden = !running
    this.retry.hidden = running || t.state === 'done'
    this.again.hidden = t.state !== 'done'
    this.copy.hidden = !t.text
    this.tools.hidden = running
    this.select.value = a.taken || ''
    if (this.select.selectedIndex < 0) this.select.selectedIndex = 0
    if (this.feedback) this.feedback.hidden = t.state !== 'done' || !a.id || t.given || !('feedback' in document.body.dataset)
    this.showSources(a.sources || [], a.quotes || {})
    showPerson(this)
  }

  // door leads to where a key is entered; the conversation is still here afterwards.
  door () {
    const a = document.createElement('a')
    a.href = '/'
    a.textContent = say.key
    return a
  }

  mark (n, text) {
    const e = document.createElement('a')
    e.className = 'mark'
    e.href = '#' + this.sourceID(n)
    e.dataset.n = n
    e.setAttribute('aria-label', say.source.replace('{n}', n))
    e.textContent = text
    return e
  }

  sourceID (n) { return 's' + this.serial + '-' + n }

  showSources (list, quotes) {
    const key = JSON.stringify([list, quotes])
    if (key === this.shown) return
    this.shown = key
    const open = new Set([...this.sources.querySelectorAll('[open]')].map(e => e.id))
    for (const e of this.sources.querySelectorAll('.source')) e.remove()
    for (const s of list) this.sources.append(this.source(s, quotes[s.n] || []))
    for (const id of open) if (one(id)) one(id).open = true
    this.sources.hidden = !list.length
  }

  source (s, quotes) {
    const e = one('source').content.firstElementChild.cloneNode(true)
    const find = c => e.querySelector(c)
    e.id = this.sourceID(s.n)
    e.lang = s.lang
    e.dir = s.dir
    find('.n').textContent = s.n
    find('.title').textContent = s.title
    put(find('.head'), s.head || '')
    if (s.superseded) {
      const old = document.createElement('strong')
      old.lang = document.documentElement.lang
      old.dir = document.documentElement.dir
      old.textContent = say.superseded
      find('summary').append(' ', old)
    }
    let at = 0
    for (const [from, to] of quotes) {
      if (from < at || to <= from || to > s.text.length) continue
      const mark = document.createElement('mark')
      mark.textContent = s.text.slice(from, to)
      find('blockquote').append(s.text.slice(at, from), mark)
      at = to
    }
    find('blockquote').append(s.text.slice(at))
    find('.where p').append(place(s.where || '', s.where))
    if (s.date) {
      const time = document.createElement('time')
      time.dateTime = s.date
      time.textContent = s.day || s.date
      find('.where p').append(' ', time)
    }
    const more = text => {
      const span = document.createElement('span')
      span.append(...text)
      find('.where p').append(' ', span)
    }
    if (s.edition) more([say.edition.replace('{edition}', () => s.edition)])
    if (s.by) more([say.superseded_by, ' ', place(s.by.title, s.by.where)])
    return e
  }

  // open shows passage n, and leads back to the mark that asked for it.
  open (n, mark) {
    const e = one(this.sourceID(n))
    if (!e) return
    for (const other of this.sources.querySelectorAll('[data-cited]')) delete other.dataset.cited
    e.dataset.cited = ''
    e.open = true
    this.from = mark
    e.querySelector('summary').focus({ preventScroll: true })
    const quote = e.querySelector('mark') || e
    e.scrollIntoView({ block: 'nearest' })
    if (quote !== e) quote.scrollIntoView({ block: 'nearest' })
  }

  plain () {
    const a = this.turn.a || {}
    return [this.turn.text, ...(a.sources || []).map(s => '[' + s.n + '] ' + s.title + (s.where ? ', ' + s.where : ''))].join('\n')
  }
}
