// A visitor asks in a ministry's own page. cmd/tilgate's TestEmbedInBrowser runs
// this, with two sites: one that the key is for, and one that it is not.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const { TILGATE_BROWSER, TILGATE_CHROMIUM, TILGATE_SCREENSHOTS, TILGATE_URL, TILGATE_CLERK, TILGATE_SITE, TILGATE_OTHER_SITE } = process.env
const require = createRequire(TILGATE_BROWSER + '/')
const { chromium } = require('playwright-core')
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
// Cookies of frames are blocked, as browsers do more and more.
const browser = await chromium.launch({ executablePath: TILGATE_CHROMIUM, args: ['--no-sandbox', '--test-third-party-cookie-phaseout'] })
after(() => browser.close())

const question = 'Аялдар канча жашында пенсияга чыгат?'
const shot = (page, name) => page.screenshot({ path: `${TILGATE_SCREENSHOTS}/embed-${name}.png` })

// visit opens a page of a site. Nothing on it may complain, unless it is excused.
async function visit (t, address, options = {}, excused = /^$/) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 760 }, ...options })
  const page = await context.newPage()
  const wrong = []
  page.on('pageerror', e => wrong.push(e.stack))
  page.on('console', m => { if (['error', 'warning'].includes(m.type()) && !excused.test(m.text())) wrong.push(m.text()) })
  page.on('request', r => { if (![TILGATE_URL, new URL(address).origin].includes(new URL(r.url()).origin)) wrong.push(r.url()) })
  t.after(async () => {
    assert.deepEqual(await context.cookies(), [])
    await context.close()
    assert.deepEqual(wrong, [])
  })
  await page.goto(address)
  return { page, button: page.getByRole('button'), frame: page.frameLocator('iframe') }
}

const active = page => page.evaluate(() => document.activeElement.shadowRoot?.activeElement.tagName || document.activeElement.tagName)

test('asks by keyboard alone', async t => {
  const { page, button, frame } = await visit(t, TILGATE_SITE + '/ky')
  await button.waitFor()
  assert.equal(await button.textContent(), 'Өз тилиңизде сураңыз')
  assert.equal(await button.getAttribute('aria-expanded'), 'false')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await frame.locator('#question:focus').waitFor()
  await page.keyboard.type(question)
  await page.keyboard.press('Enter')
  await frame.locator('.source').first().waitFor()
  assert.match(await frame.locator('article').first().innerText(), /58/)
  await shot(page, 'desktop')
  await page.keyboard.press('Escape')
  await page.locator('iframe').waitFor({ state: 'hidden' })
  assert.equal(await active(page), 'BUTTON')
  assert.equal(await button.getAttribute('aria-expanded'), 'false')
})

test('stays open from page to page, and leaves the focus alone', async t => {
  const { page, button, frame } = await visit(t, TILGATE_SITE + '/ky')
  await button.click()
  await frame.locator('#question').waitFor()
  await page.goto(TILGATE_SITE + '/ur')
  await frame.locator('#question').waitFor()
  assert.equal(await button.getAttribute('aria-expanded'), 'true')
  assert.equal(await active(page), 'BODY')
  await page.getByRole('button').click()
  await page.reload()
  await button.waitFor()
  assert.equal(await page.locator('iframe').count(), 0)
})

test('from right to left, on a phone', async t => {
  const { page, button, frame } = await visit(t, TILGATE_SITE + '/ur', { viewport: { width: 390, height: 780 } })
  await button.click()
  await frame.locator('html[lang=ur][dir=rtl]').waitFor()
  await frame.locator('#question:focus').waitFor()
  const box = await button.boundingBox()
  assert.ok(box.x < 30 && box.height >= 44, JSON.stringify(box))
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
  await shot(page, 'phone-ur')
})

test('has nothing that axe objects to', async t => {
  const { page, button, frame } = await visit(t, TILGATE_SITE + '/ky', { bypassCSP: true })
  await button.click()
  await frame.locator('#question').waitFor()
  for (const f of page.frames()) {
    await f.evaluate(axe)
    const { violations } = await f.evaluate(() => globalThis.axe.run(document, { iframes: false }))
    assert.deepEqual(violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ')), [])
  }
})

test('goes on with an answer whose line broke', async t => {
  const { page, button, frame } = await visit(t, TILGATE_SITE + '/ky', {}, /ERR_|Failed to load/)
  let asked = 0, more = 0
  await page.route(u => ['/embed', '/ask/more'].includes(u.pathname), async route => {
    if (route.request().method() !== 'POST') return route.continue()
    if (route.request().url().endsWith('/ask/more')) { more++; return route.continue() }
    asked++
    await route.fetch()
    await route.abort('connectionreset')
  })
  await button.click()
  await frame.locator('#question').fill(question)
  await frame.locator('.ask button').click()
  await frame.locator('.source').first().waitFor()
  assert.match(await frame.locator('article').first().innerText(), /58/)
  assert.deepEqual([asked, more], [1, 1])
})

test('says so when the key of the page is not valid any more', async t => {
  const { page, button, frame } = await visit(t, TILGATE_SITE + '/ky', {}, /status of 401/)
  await button.click()
  const send = async () => {
    await frame.locator('#question').fill(question)
    await frame.locator('.ask button').click()
  }
  await send()
  await frame.locator('.source').first().waitFor()
  await page.route(u => u.pathname === '/embed', route => route.request().method() === 'POST' ? route.fulfill({ status: 401, json: { error: {} } }) : route.continue())
  await send()
  await frame.getByText('Бул барак эскирип калды.').and(frame.locator('.state')).waitFor()
  assert.equal(await frame.locator('.state a').count(), 0, 'there is no key to enter')
  assert.match(await frame.locator('article').first().innerText(), /58/, 'the conversation stays')
  await shot(page, 'stale')
})

test('shows nothing in a page that the key is not for', async t => {
  const { page, button } = await visit(t, TILGATE_OTHER_SITE + '/ky', {}, /frame-ancestors|postMessage/)
  const refused = page.waitForEvent('console', m => m.text().includes('frame-ancestors'))
  await button.click()
  await refused
  assert.equal(await page.frameLocator('iframe').locator('#question').count(), 0)
})

test('is a link without JavaScript', async t => {
  const { page } = await visit(t, TILGATE_SITE + '/ky', { javaScriptEnabled: false })
  await page.getByRole('link', { name: 'Ask' }).click()
  for (const n of [1, 2]) { // the second is asked from the page of the first
    await page.locator('#question').fill(question)
    await page.locator('.ask button').click()
    assert.match(await page.getByRole('article').innerText(), /58/, `question ${n}`)
  }
})

test('asks a person, who answers into the frame', async t => {
  const { page, button, frame } = await visit(t, TILGATE_SITE + '/ky')
  await button.click()
  await frame.locator('#question').fill(question)
  await frame.locator('.ask button').click()
  await frame.locator('.source').first().waitFor()
  await frame.locator('[data-person]').click()
  await frame.locator('.person input').fill('frame@mail.kg')
  await frame.locator('.person form button').click()
  await frame.locator('.told:not([hidden])').waitFor()
  const asClerk = { headers: { authorization: `Bearer ${TILGATE_CLERK}` } }
  const { data } = await (await fetch(TILGATE_URL + '/v1/handover?state=waiting', asClerk)).json()
  const made = data.find(c => c.contact === 'frame@mail.kg')
  const replied = await fetch(`${TILGATE_URL}/v1/handover/${made.id}/reply`, { ...asClerk, method: 'POST', body: '{"text":"Дүйшөмбүдө келиңиз."}' })
  assert.ok(replied.ok, await replied.text())
  await frame.locator('.reply').getByText('Дүйшөмбүдө келиңиз.').waitFor()
  await shot(page, 'person')
})
