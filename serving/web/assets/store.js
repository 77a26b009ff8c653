
// The conversation is kept in this tab's storage, nowhere else: phones and
// computers are shared, and what is closed is gone.
const storeKey = 'tilgate.talk', mostTurns = 30

const talk = { id: '', turns: [], draft: '' }

// A random name of the conversation; crypto.randomUUID is not there without HTTPS.
const newID = () => [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('')

function save () {
  talk.turns = talk.turns.slice(-mostTurns)
  try {
    sessionStorage.setItem(storeKey, JSON.stringify(talk, (key, value) => key === 'view' ? undefined : value))
  } catch { /* it is full, or not allowed: the page goes on without */ }
}

// restore brings back what was kept. An answer that was on its way may still be.
function restore () {
  talk.id = newID()
  try {
    const kept = JSON.parse(sessionStorage.getItem(storeKey) || '{}')
    if (typeof kept.id === 'string' && kept.id) talk.id = kept.id
    if (typeof kept.draft === 'string') talk.draft = kept.draft
    for (const t of kept.turns || []) {
      if (typeof t.q !== 'string' || typeof t.text !== 'string') continue
      if ((t.state === 'waiting' || t.state === 'coming') && !t.key) t.state = 'lost'
      talk.turns.push(t)
    }
  } catch { /* it is not ours */ }
}

function forget () {
  try { sessionStorage.removeItem(storeKey) } catch { /* there is none */ }
}
