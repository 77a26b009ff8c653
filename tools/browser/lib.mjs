// What the scripts have in common: a browser, a page that watches what it must
// never do, and the stage on which cmd/tilgate's TestBrowser lets them play.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const { TILGATE_BROWSER, TILGATE_CHROMIUM, TILGATE_URL, TILGATE_KEY, TILGATE_CONTROL } = process.env
const require = createRequire(TILGATE_BROWSER + '/')
const { chromium } = require('playwright-core')
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export const base = TILGATE_URL
export const entrance = `${TILGATE_URL}/?key=${TILGATE_KEY}`

export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }
export const desktop = { viewport: { width: 1280, height: 900 } }

// A question in each language, of the sample's own, and what its answer holds.
export const questions = {
  ky: { text: 'Аялдар канча жашында пенсияга чыгат?', answer: /58/, dir: 'ltr' },
  ur: { text: 'عورتیں کس عمر میں پنشن کی درخواست دے سکتی ہیں؟', answer: /58/, dir: 'rtl' },
  km: { text: 'តើស្ត្រីអាយុប៉ុន្មានអាចដាក់ពាក្យសុំប្រាក់សោធនបាន?', answer: /៥៨/, dir: 'ltr' },
  am: { text: 'ሴቶች በስንት ዓመታቸው ለጡረታ ማመልከት ይችላሉ?', answer: /58/, dir: 'ltr' },
}

// What is never resolved cannot be reached, whatever a page tries.
const browser = await chromium.launch({ executablePath: TILGATE_CHROMIUM,
  args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'] })
after(() => browser.close())

// slow is an answer that takes some seconds, and begun waits for its begin.
export const slow = { Text: `Аялдар 58 жашында пенсияга чыга алат [1]. ${'Эркектер 63 жашында пенсияга чыгат [1]. '.repeat(10)}`.trim(), Pause: 90 }
export const begun = answer => answer.getByText('58 жашында').first().waitFor()

// control tells the stage what to do: say, cut, down, up, calm.
export async function control(what, body) {
  const response = await fetch(`${TILGATE_CONTROL}/${what}`, { method: 'POST', body: body && JSON.stringify(body) })
  assert.ok(response.ok, await response.text())
}

// asked says how often the model server was asked so far.
export const asked = async () => Number(await (await fetch(`${TILGATE_CONTROL}/asked`)).text())

// speaking says how many answers the model server is in the middle of.
const speaking = async () => Number(await (await fetch(`${TILGATE_CONTROL}/speaking`)).text())

// spoken waits until the model is saying so many answers.
export async function spoken (n, ms) {
  const until = Date.now() + ms
  for (;;) {
    const now = await speaking()
    if (now === n) return
    assert.ok(Date.now() < until, `${now} answers are being said after ${ms} ms`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

// open opens the page as someone who has followed a link with a key. When the
// test ends, nothing may have run or left that should not have; excused are
// the complaints that the test provokes.
export async function open(t, options = {}) {
  const { path = entrance, excused = [], ...rest } = options
  const context = await browser.newContext({ ...desktop, locale: 'en', ...rest })
  const page = await context.newPage()
  page.scripted = rest.javaScriptEnabled !== false
  const wrong = watch(context, page)
  t.after(async () => {
    await context.close()
    await control('calm')
    assert.deepEqual(wrong.filter(line => !excused.some(e => e.test(line))), [])
  })
  if (path) await page.goto(path)
  return page
}

// watch notes what no page of ours does: talk to another host, show a dialog,
// complain about its own policy, break.
function watch(context, page) {
  const wrong = []
  context.on('request', request => {
    const { protocol, origin } = new URL(request.url())
    if (origin !== base && !['data:', 'blob:'].includes(protocol)) wrong.push(`request to ${request.url()}`)
  })
  page.on('dialog', dialog => { wrong.push(`dialog ${dialog.message()}`); dialog.dismiss() })
  page.on('pageerror', error => wrong.push(`error ${error.stack}`))
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`console: ${message.text()}`)
  })
  return wrong
}

// say returns what the page says for a key of the file that linguists edit.
export function say(key, lang = 'en') {
  const file = new URL(`../../serving/web/strings/${lang}.toml`, import.meta.url)
  const line = readFileSync(file, 'utf8').match(new RegExp(`^${key}\\s*=\\s*(".*")`, 'm'))
  assert.ok(line, `${lang}.toml does not say ${key}`)
  return JSON.parse(line[1])
}

const tongue = page => page.locator('html').getAttribute('lang')

// The parts of the page, by what a screen reader says of them.
export const composer = (page, lang) => page.getByRole('textbox', { name: say('question', lang) })
export const answers = page => page.getByRole('article')
export const button = (where, key, lang) => where.getByRole('button', { name: say(key, lang), exact: true })
export const sources = answer => answer.locator('.source')
export const mark = (where, n = 1, lang) => where.getByRole('link', { name: say('source', lang).replace('{n}', n), exact: true }).first()

export const style = (element, name) => element.evaluate((e, name) => getComputedStyle(e)[name], name)

// ask asks as a person would, and returns the whole answer.
export async function ask(page, text) {
  const answer = await send(page, text)
  await whole(answer)
  return answer
}

// send asks, and returns the answer that is on its way. Without scripts each
// answer has a page of its own.
export async function send(page, text) {
  const lang = await tongue(page), before = await answers(page).count()
  await composer(page, lang).fill(text)
  await button(page, 'ask', lang).click()
  if (page.scripted) return answers(page).nth(before)
  return page.locator('.turn').filter({ hasText: text }).getByRole('article')
}

// whole waits until nothing more comes.
export const whole = answer => answer.and(answer.page().locator('article:not([aria-busy=true])')).waitFor()

// checkAxe has axe look at the page as it is, light and dark. Only the
// contrast differs between the two.
export async function checkAxe(page, state) {
  await page.evaluate(axe)
  const look = async options => {
    const { violations } = await page.evaluate(options => globalThis.axe.run(document, { resultTypes: ['violations'], ...options }), options)
    assert.deepEqual(violations.map(v => `${state}: ${v.id}: ${v.help}: ${v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary).join('; ')}`), [])
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await look({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
  await page.emulateMedia({ colorScheme: 'dark' })
  await look({ runOnly: { type: 'rule', values: ['color-contrast'] } })
}

// checkWidth fails if anything is cut off or has to be scrolled sideways.
export async function checkWidth(page, state) {
  const { wide, width } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, width: document.documentElement.clientWidth }))
  assert.ok(wide <= width, `${state}: ${wide} px wide in a window of ${width}`)
}
