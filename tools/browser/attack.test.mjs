// What comes from outside is text: no script of it runs, no address of it is
// asked. (open fails a test whose page shows a dialog or breaks its policy.)
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, base, control, open, send, sources } from './lib.mjs'

const probes = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg/onload=alert(1)>',
  "'-alert(1)-'",
  '</textarea><script>alert(1)</script>',
  '</title><script>alert(1)</script>',
  '<iframe srcdoc="<script>parent.alert(1)</script>">',
  '<style>@import "https://elsewhere.example/x.css"</style>',
  '<base href=https://elsewhere.example/>',
  '<form action=https://elsewhere.example/><button>Ask</button></form>',
  '[тийиңиз](javascript:alert(1))',
  '[тийиңиз](data:text/html,<script>alert(1)</script>)',
  '![сүрөт](https://elsewhere.example/x.png)',
  '[a](https://elsewhere.example/"onmouseover=alert(1))',
  '<a href="javascript:alert(1)">тийиңиз</a>',
  '`<b onclick=alert(1)>`',
  '{{constructor.constructor("alert(1)")()}}',
  '\u202e<script>alert(1)</script>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
]

// untouched checks that a page holds nothing that we would not have written.
async function untouched(page) {
  const found = await page.evaluate(() => [...document.querySelectorAll('*')].filter(e =>
    ['IFRAME', 'IMG', 'BASE', 'OBJECT', 'EMBED', 'MATH'].includes(e.tagName) ||
    (e.tagName === 'SCRIPT' && !e.src.startsWith(location.origin + '/') && e.type !== 'application/json') ||
    e.getAttributeNames().some(n => n.startsWith('on')) ||
    /^\s*(javascript|data):/i.test(e.getAttribute('href') ?? '')).map(e => e.outerHTML.slice(0, 200)))
  assert.deepEqual(found, [])
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? '' : ', without scripts'
  const question = 'Аялдар канча жашында пенсияга чыгат?'

  test('in the question' + how, async t => {
    const page = await open(t, { javaScriptEnabled })
    await ask(page, probes.map(p => `Аялдар канча жашында пенсияга чыгат, эркектер качан чыгат ${p}?`).join(' '))
    await untouched(page)
  })

  test('in a question that is refused' + how, async t => {
    const page = await open(t, { javaScriptEnabled, excused: [/status of 422/] })
    await send(page, probes.join('\n'))
    await page.getByRole('alert').or(page.locator('.state:visible')).waitFor()
    await untouched(page)
  })

  test('in what the model says' + how, async t => {
    const page = await open(t, { javaScriptEnabled })
    await control('say', { Text: probes.map(p => `Аялдар 58 жашында пенсияга чыга алат ${p} деп жазылган [1].`).join('\n\n') })
    const said = await ask(page, question)
    assert.equal((await said.innerText()).match(/58 жашында пенсияга чыга алат/g).length, probes.length)
    await untouched(page)
    for (const words of await said.getByText('тийиңиз').all()) await words.click()
    await untouched(page)
  })

  test('in a passage, its title and its source' + how, async t => {
    const page = await open(t, { javaScriptEnabled })
    const said = await ask(page, 'Телескоп музейи качан ачык?')
    const source = sources(said).filter({ hasText: 'Телескоп' })
    if (javaScriptEnabled) await source.locator('summary').click()
    assert.match(await source.innerText(), /<img src=x onerror=alert\(1\)>[^]*<svg onload=alert\(5\)>[^]*javascript:alert\(3\)/)
    await untouched(page)
  })
}

test('in the address', async t => {
  const page = await open(t, { excused: [/status of 401/] })
  for (const path of ['/?lang="><script>alert(1)</script>', '/?q=<script>alert(1)</script>', '/#q=<img src=x onerror=alert(1)>', '/#<img src=x onerror=alert(1)>', '/?key=<script>alert(1)</script>']) {
    await page.goto(base + path)
    await untouched(page)
  }
})

test('in what the tab kept', async t => {
  const page = await open(t)
  await ask(page, 'Аялдар канча жашында пенсияга чыгат?')
  await page.evaluate(probes => {
    for (const key of Object.keys(sessionStorage)) {
      const kept = JSON.parse(sessionStorage[key])
      const spoil = o => { for (const k in o) typeof o[k] === 'object' ? spoil(o[k]) : typeof o[k] === 'string' && k !== 'state' && (o[k] += probes.join(' ')) }
      spoil(kept)
      sessionStorage[key] = JSON.stringify(kept)
    }
  }, probes)
  await page.reload()
  await untouched(page)
})
