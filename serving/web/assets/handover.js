
// A person of the office can be asked. What they answer comes back into the turn;
// until then it is looked for ever less often, and not while nobody looks here.
const people = { wait: 0, timer: 0, first: 5000, most: 300000 }

const openTurns = () => talk.turns.filter(t => t.person && !['closed', 'failed'].includes(t.person.state))

// handedOver is the conversation up to a turn, with what people said in it, as much of its end as may be sent.
function handedOver (turn) {
  const list = []
  for (const t of talk.turns.slice(0, talk.turns.indexOf(turn) + 1)) {
    list.push({ role: 'user', content: t.q })
    if (t.text) list.push({ role: 'assistant', content: t.text })
    for (const r of (t.person && t.person.replies) || []) list.push({ role: 'staff', content: r.text })
  }
  let room = 60000
  const kept = []
  for (const m of list.reverse()) {
    if ((room -= m.content.length) < 0 || kept.length === 100) break
    kept.unshift(m)
  }
  return kept
}

// askPerson sends the conversation. Its token is made here, so that what is sent again makes one case.
async function askPerson (turn, contact) {
  turn.token = turn.token || newID()
  save()
  const body = { messages: handedOver(turn), contact, language: document.documentElement.lang, token: turn.token }
  const r = await fetch('/v1/handover', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  if (!r.ok) throw new Refused(r.status)
  const made = await r.json()
  turn.person = { id: made.id, token: made.token, state: made.state, replies: [] }
}

// look asks what has become of a case.
async function lookFor (turn) {
  const p = turn.person
  const r = await fetch('/v1/handover/' + p.id + '?after=' + p.replies.length, { headers: { 'X-Tilgate-Token': p.token }, cache: 'no-store' })
  if (r.status === 404 || r.status === 403) return false
  if (!r.ok) throw new Refused(r.status)
  const now = await r.json(), news = now.replies.length > 0 || now.state !== p.state
  p.state = now.state
  for (const reply of now.replies) {
    p.replies.push({ text: reply.text })
    announce(say.person_reply + ': ' + reply.text)
  }
  if (news) {
    turn.view.show()
    save()
  }
  return news
}

async function lookForAll () {
  clearTimeout(people.timer)
  people.timer = 0
  if (document.hidden) return
  let news = false
  for (const turn of openTurns()) {
    try { news = await lookFor(turn) || news } catch { /* it is looked for again */ }
  }
  people.wait = news ? people.first : Math.min(people.most, people.wait * 1.5)
  lookLater()
}

function lookLater () {
  if (people.timer || document.hidden || !openTurns().length) return
  people.wait = people.wait || people.first
  people.timer = setTimeout(lookForAll, people.wait)
}

function lookSoon () {
  clearTimeout(people.timer)
  people.timer = 0
  people.wait = people.first
  lookLater()
}

const toldOf = p => ({ failed: say.person_failed, closed: say.person_closed })[p.state] ||
  (p.replies.length ? '' : p.made ? say.person_made : say.person_sent)

// showPerson shows under an answer what can be done, or has become of it.
function showPerson (view) {
  const box = view.e.querySelector('.person')
  if (!box) return
  const t = view.turn, a = t.a || {}, running = t.state === 'waiting' || t.state === 'coming'
  if (a.handover && a.handover.state === 'made' && !t.person) {
    t.person = { id: a.handover.id, token: a.handover.token, state: 'waiting', replies: [], made: true }
    announce(say.person_made)
    lookSoon()
  }
  const find = s => box.querySelector(s), p = t.person
  box.hidden = running || (t.state === 'stopped' && !p)
  const urged = !p && (t.state === 'failed' || (a.handover && a.handover.state === 'urged'))
  find('.urge').hidden = !urged
  find('[data-person]').hidden = !!p
  find('[data-person]').classList.toggle('quiet', !urged)
  if (p) find('form').hidden = true
  if (p) put(find('.told'), toldOf(p))
  const replies = find('.replies')
  for (const r of p ? p.replies.slice(replies.childElementCount) : []) {
    const e = document.createElement('section'), h = document.createElement('h3'), text = document.createElement('p')
    e.className = 'reply'
    h.textContent = say.person_reply
    text.textContent = r.text
    text.dir = direction(r.text)
    e.append(h, text)
    replies.append(e)
  }
}

function handover () {
  turnsBox.addEventListener('click', e => {
    const button = e.target.closest('[data-person]')
    if (!button) return
    const f = button.parentNode.querySelector('form')
    f.hidden = !f.hidden
    button.setAttribute('aria-expanded', !f.hidden)
    if (!f.hidden) f.elements.contact.focus()
  })
  turnsBox.addEventListener('submit', async e => {
    const f = e.target, box = f.closest('.person')
    if (!box) return
    e.preventDefault()
    e.stopImmediatePropagation()
    const turn = f.closest('.turn').view.turn, button = f.querySelector('button')
    button.disabled = true
    try {
      await askPerson(turn, f.elements.contact.value.trim())
      save()
      turn.view.show()
      lookSoon()
    } catch (e) { put(box.querySelector('.told'), say[why(e, '')] || say.failed) }
    button.disabled = false
  }, true)
  document.addEventListener('visibilitychange', lookSoon)
  window.addEventListener('online', lookSoon)
  lookSoon()
}
