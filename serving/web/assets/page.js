
const turnsBox = one('turns'), form = document.querySelector('.ask'), box = one('question')
let running = null // { turn, stop }

// saidBefore is the conversation up to a turn, the last of it: models have little room.
function saidBefore (turn) {
  const most = 6000
  const messages = [{ role: 'user', content: turn.q }]
  let length = turn.q.length
  for (let i = talk.turns.indexOf(turn) - 1; i >= 0 && messages.length < 9; i--) {
    const t = talk.turns[i]
    if (t.state !== 'done' || !t.text || (length += t.q.length + t.text.length) > most) break
    messages.unshift({ role: 'user', content: t.q }, { role: 'assistant', content: t.text })
  }
  return messages
}

// run has a turn answered, or goes on with it. What was read of an answer that broke off stays, until as much of the new one is there.
async function run (turn, going) {
  if (running) running.stop('stopped')
  const controller = new AbortController()
  const mine = running = { turn, stop (why) { turn.ended = why; enough(turn); controller.abort() } }
  if (!going) Object.assign(turn, { state: 'waiting', fresh: '', was: turn.text, before: '', ended: '', given: false, key: '', have: 0 })
  turn.view.show()
  if (!going) announce(say.waiting)
  let kept = 0
  try {
    await askService(turn, saidBefore(turn), controller.signal, event => {
      if (event.plan) turn.a = event.plan
      if (event.text) {
        turn.state = 'coming'
        turn.fresh += event.text
        announce(markdown.read(event.text, 99).map(words).join(' ').replace(/\s+(?=[.,;:!?)])/g, ''))
      }
      if (event.done) {
        turn.a = Object.assign({}, turn.a, event.done)
        turn.state = 'done'
      }
      const same = turn.was.startsWith(turn.fresh)
      turn.text = same && turn.state !== 'done' ? turn.was : turn.fresh
      turn.before = same || turn.fresh.startsWith(turn.was) ? '' : turn.was
      turn.view.show()
      if (Date.now() - kept > 1000) { kept = Date.now(); save() }
    }, away => {
      if (away !== line.away) banner(away ? say.unreachable : say.reachable, !away)
      line.away = away
      if (!away) reachable()
    })
  } catch (e) {
    turn.state = turn.ended || why(e, turn.fresh || turn.was)
    if (!turn.ended && !(e instanceof Refused)) enough(turn) // we do not come back
    if (line.away || turn.state === 'unreachable') line.down = true
    line.away = false
    announce(sayState(turn.state))
  }
  delete turn.fresh
  delete turn.key
  if (running === mine) running = null
  turn.view.show()
  if (line.down && !running) unreachable()
  if (turn.state !== 'done' && turn === talk.turns.at(-1)) turn.view.retry.scrollIntoView({ block: 'nearest' })
  save()
}

function why (e, some) {
  if (!(e instanceof Refused)) return some ? 'lost' : 'unreachable'
  return { 401: 'key_gone', 404: 'lost', 409: 'lost', 429: 'busy' }[e.status] || 'failed'
}

function show (turn) {
  turn.view = new TurnView(turn)
  turnsBox.append(turn.view.e)
}

function ask (q, language) {
  const turn = { q, asked: language, text: '', state: 'waiting' }
  talk.turns.push(turn)
  show(turn)
  turn.view.e.scrollIntoView({ block: 'start' })
  run(turn)
}

async function copy (text, button) {
  try {
    await navigator.clipboard.writeText(text)
  } catch { // it is not there without HTTPS
    const t = document.createElement('textarea')
    t.value = text
    document.body.append(t)
    t.select()
    document.execCommand('copy')
    t.remove()
    button.focus()
  }
  const was = button.textContent
  button.textContent = say.copied
  announce(say.copied)
  setTimeout(() => { button.textContent = was }, 2000)
}

const acts = {
  stop: () => running && running.stop('stopped'),
  again: view => run(view.turn),
  retry: view => run(view.turn),
  copy: (view, e) => copy(view.plain(), e),
  share: (view, e) => copy(location.origin + '/#q=' + encodeURIComponent(view.turn.q), e),
  back: view => view.from && view.from.isConnected ? view.from.focus() : view.text.querySelector('.mark')?.focus(),
  print: () => print(),
  forget () {
    if (running) running.stop('stopped')
    forget()
    talk.turns = []
    talk.draft = ''
    talk.id = newID()
    turnsBox.textContent = one('said').textContent = ''
    box.focus()
  }
}

function begin () {
  document.documentElement.classList.add('js')
  for (const e of document.querySelectorAll('.scripted')) e.hidden = false
  restore()
  talk.turns.forEach(show)
  box.value = box.value || talk.draft
  const last = talk.turns.at(-1)
  for (const t of talk.turns) if (t.key && t !== last) t.state = 'lost'
  if (last && (last.key || last.state === 'key_gone')) run(last, !!last.key) // a key was entered meanwhile
  const asked = /^#q=(.+)/.exec(location.hash)
  if (asked && 'share' in document.body.dataset) {
    try { box.value = decodeURIComponent(asked[1]).slice(0, box.maxLength) } catch { /* half a letter */ }
    history.replaceState(null, '', '/')
  }
  form.addEventListener('submit', e => {
    e.preventDefault()
    const q = box.value.trim()
    if (!q) return box.focus()
    box.value = ''
    form.querySelector('.error')?.remove()
    ask(q, '')
  })
  box.addEventListener('input', () => { box.dir = direction(box.value) })
  box.addEventListener('keydown', e => {
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing && matchMedia('(pointer: fine)').matches) {
      e.preventDefault()
      form.requestSubmit()
    }
  })
  document.addEventListener('click', e => {
    const view = e.target.closest('.turn')?.view
    const mark = e.target.closest('.mark'), button = e.target.closest('button[data-do]')
    if (mark && view) {
      e.preventDefault()
      view.open(mark.dataset.n, mark)
    } else if (button) acts[button.dataset.do](view, button)
  })
  turnsBox.addEventListener('change', e => {
    const view = e.target.closest('.turn').view
    if (e.target.dataset.do === 'language') {
      const language = e.target.value
      view.show()
      ask(view.turn.q, language)
    }
  })
  feedback()
  handover()
  window.addEventListener('offline', unreachable)
  window.addEventListener('pagehide', () => {
    leaving = true
    talk.draft = box.value
    save()
    if (running) enough(running.turn, true)
  })
  window.addEventListener('pageshow', () => { leaving = false })
  window.addEventListener('online', look)
  let closed = []
  window.addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('.source:not([open])')]
    closed.forEach(e => { e.open = true })
  })
  window.addEventListener('afterprint', () => closed.forEach(e => { e.open = false }))
}

// feedback goes with its question and answer, and with what its giver agreed to.
function feedback () {
  turnsBox.addEventListener('click', e => {
    const button = e.target.closest('[data-rate]')
    if (!button) return
    const f = button.form
    f.querySelector('.more').hidden = false
    for (const b of f.querySelectorAll('[data-rate]')) b.setAttribute('aria-pressed', b === button)
    for (const part of f.querySelectorAll('.reasons, .fix')) part.hidden = button.dataset.rate === '1'
  })
  turnsBox.addEventListener('submit', async e => {
    e.preventDefault()
    const f = e.target, view = f.closest('.turn').view, turn = view.turn, data = new FormData(f)
    const bad = f.querySelector('[aria-pressed=true]').dataset.rate === '-1'
    const training = data.has('training')
    const body = {
      exchange: turn.a.id, rating: bad ? -1 : 1, reasons: bad ? data.getAll('reasons') : [], correction: bad ? data.get('correction') : '', comment: data.get('comment'),
      consent: { training, language: document.documentElement.lang, version: document.body.dataset.consent },
      conversation: talk.id, question: turn.q, answer: turn.text
    }
    const thanks = f.parentNode.querySelector('.thanks')
    try {
      const r = await fetch('/v1/feedback', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
      if (r.status === 404 || r.status === 403) delete document.body.dataset.feedback
      else if (!r.ok) throw new Refused(r.status)
      else thanks.textContent = say.thanks
      turn.given = true
      talk.turns.forEach(t => t.view.show())
      save()
    } catch (e) { thanks.textContent = say[why(e, '')] || say.failed }
  })
}

document.querySelector('form[action="/forget"]')?.addEventListener('submit', forget)
if (one('turn')) begin()
