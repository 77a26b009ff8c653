
// How the service is asked. Its answer is a stream of events, a sentence each.
const silence = 40000 // ms; the service sends a sign of life every ten seconds

class Refused extends Error {
  constructor (status) { super('refused'); this.status = status }
}

// ask calls on(event) for each event, and throws if the answer does not come to its end.
async function askService (messages, language, signal, on) {
  const lost = new AbortController()
  const stop = () => lost.abort()
  signal.addEventListener('abort', stop)
  let timer = setTimeout(stop, silence)
  const alive = () => { clearTimeout(timer); timer = setTimeout(stop, silence) }
  try {
    const body = { model: 'auto', stream: true, messages }
    if (language) body.tilgate = { language }
    const r = await fetch('/ask', { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' }, body: JSON.stringify(body), signal: lost.signal })
    if (!r.ok) throw new Refused(r.status)
    const reader = r.body.getReader(), decoder = new TextDecoder()
    let held = '', done = false
    for (;;) {
      const piece = await reader.read()
      alive()
      if (piece.done) break
      held += decoder.decode(piece.value, { stream: true })
      const lines = held.split('\n')
      held = lines.pop()
      for (const line of lines) {
        if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
        const event = JSON.parse(line.slice(6))
        if (event.error) throw new Refused(503)
        if (event.done) done = true
        on(event)
      }
    }
    if (!done) throw new TypeError('cut short')
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

// Whether the service can be reached. While it cannot, it is asked again, ever less often.
const line = { down: false, wait: 0, timer: 0, model: false }

function banner (text, passing) {
  one('banner').textContent = text
  one('banner').classList.toggle('down', line.down)
  clearTimeout(line.clear)
  if (passing) line.clear = setTimeout(() => { one('banner').textContent = '' }, 8000)
}

function unreachable () {
  const news = !line.down
  line.down = true
  if (news) banner(say.unreachable)
  line.wait = Math.min(60000, (line.wait || 2000) * 1.5)
  clearTimeout(line.timer)
  line.timer = setTimeout(look, line.wait)
}

async function look () {
  try {
    const r = await fetch('/readyz', { cache: 'no-store' })
    if (!r.ok) return unreachable()
    reachable()
  } catch { unreachable() }
}

function reachable () {
  clearTimeout(line.timer)
  const news = line.down
  line.down = false
  if (news) banner(say.reachable, true)
  line.wait = 0
}

// modelState says when no model answers any more, and when one does again.
function modelState (notice) {
  const gone = notice === 'no_model' || notice === 'model_lost'
  if (gone && !line.model) banner(say.model_gone)
  if (!gone && line.model) banner(say.model_back, true)
  line.model = gone
}
