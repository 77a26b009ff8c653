
// How the service is asked. Its answer is a stream of events, a sentence each.
const silence = 40000 // ms; the service sends a sign of life every ten seconds
const patience = 60000 // ms; the service keeps an answer whose reader is away for no longer

class Refused extends Error {
  constructor (status) { super('refused'); this.status = status }
}

const post = (path, body, more) => fetch(path, { method: 'POST', body: JSON.stringify(body), ...more, headers: { 'Content-Type': 'application/json', ...(more && more.headers) } })

// ask calls on(event) for each event, and throws if the answer does not come to its end. An answer has a key that
// we make up, and its events are counted: when the line breaks, we come back for the rest, until that is hopeless.
// away(true) says that the line is down for now.
async function askService (turn, messages, signal, on, away) {
  const question = { model: 'auto', stream: true, messages }
  if (turn.asked) question.tilgate = { language: turn.asked }
  let more = !!turn.key, once = !more, done = false, tries = 0, since = Date.now()
  if (!more) Object.assign(turn, { key: newID(), have: 0 })
  for (;;) {
    try {
      const events = more ? read('/ask/more', { id: turn.key, have: turn.have }, {}, signal) : read('/ask', question, { 'X-Tilgate-Answer': turn.key }, signal)
      for await (const event of events) {
        away(false)
        tries = 0
        since = Date.now()
        if (!event) continue // the line is good
        if (event.error) throw new Refused({ invalid_api_key: 401, read_elsewhere: 409 }[event.error.code] || 500)
        turn.have++
        on(event)
        done = done || !!event.done
      }
    } catch (e) {
      if (signal.aborted) throw e
      if (e instanceof Refused && e.status === 404 && once && !turn.fresh) { // the question never arrived, or was forgotten
        more = once = false
        Object.assign(turn, { key: newID(), have: 0 })
        continue
      }
      if (e instanceof Refused && !(more && [502, 503, 504].includes(e.status))) throw e // those are of a proxy, while the service starts again
      if (!done && Date.now() - since > patience) throw e
    }
    if (done) return
    more = true
    if (tries) away(true)
    await pause(Math.min(4000, 200 * 2 ** tries++), signal)
  }
}

// read yields the events of an answer, and first null when it begins.
async function * read (path, body, headers, signal) {
  const lost = new AbortController()
  const stop = () => lost.abort()
  signal.addEventListener('abort', stop)
  let timer = setTimeout(stop, silence)
  try {
    const r = await post(path, body, { headers: { Accept: 'text/event-stream', ...headers }, signal: lost.signal })
    if (!r.ok) throw new Refused(r.status)
    yield null
    const reader = r.body.getReader(), decoder = new TextDecoder()
    for (let held = ''; ;) {
      const piece = await reader.read()
      clearTimeout(timer)
      timer = setTimeout(stop, silence)
      if (piece.done) return
      held += decoder.decode(piece.value, { stream: true })
      const lines = held.split('\n')
      held = lines.pop()
      for (const line of lines) if (line.startsWith('data: {')) yield JSON.parse(line.slice(6))
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    lost.abort()
  }
}

// pause waits, until the network says that it is back; and while the page is gone from sight for good.
let leaving = false
const pause = (ms, signal) => new Promise(resolve => {
  const go = () => {
    if (leaving) return
    clearTimeout(timer)
    for (const [target, name] of waits) target.removeEventListener(name, go)
    resolve()
  }
  const waits = [[window, 'online'], [window, 'pageshow'], [signal, 'abort']]
  for (const [target, name] of waits) target.addEventListener(name, go)
  const timer = setTimeout(go, ms)
})

// enough tells the service that nobody wants more of an answer; or, when the page is left, that it may be so.
const enough = (turn, leaving) => { post('/ask/stop', { id: turn.key, leaving }, { keepalive: true }).catch(() => {}) }

// Whether the service can be reached. While it cannot, it is asked again, ever less often.
const line = { down: false, away: false, wait: 0, timer: 0 }

function banner (text, passing) {
  one('banner').textContent = text
  clearTimeout(line.clear)
  if (passing) line.clear = setTimeout(() => { one('banner').textContent = '' }, 8000)
}

// What a turn says is not said again.
function unreachable () {
  line.down = true
  banner(talk.turns.some(t => t.state === 'unreachable') ? '' : say.unreachable)
  line.wait = Math.min(60000, (line.wait || 2000) * 1.5)
  clearTimeout(line.timer)
  line.timer = setTimeout(look, line.wait)
}

async function look () {
  try {
    const r = await fetch('/readyz', { cache: 'no-store' })
    if (!r.ok) return unreachable()
    reachable()
    const turn = talk.turns.at(-1)
    if (turn && turn.state === 'unreachable' && !running) run(turn) // as was promised
  } catch { unreachable() }
}

function reachable () {
  clearTimeout(line.timer)
  if (line.down) banner(say.reachable, true)
  line.down = false
  line.wait = 0
}
