// Operators see how the service does, and do what has to be done, with a
// keyboard or a thumb, and without a script.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mkdir } from 'node:fs/promises'
import { base, checkAxe, checkWidth, desktop, open, phone, questions } from './lib.mjs'

const [aida, bek] = process.env.TILGATE_ADMINS.split(' ')
const shots = process.env.TILGATE_SCREENSHOTS
await mkdir(shots, { recursive: true })

async function api(path, key, body, wanted = 200) {
  const response = await fetch(base + path, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
  assert.equal(response.status, wanted, await response.clone().text())
  return response.json()
}

const put = (key, text) => api('/v1/chat/completions', key, { model: 'auto', messages: [{ role: 'user', content: text }] })

async function enter(page, key) {
  await page.goto(base + '/admin')
  await page.getByLabel('Your key').fill(key)
  await page.getByRole('button', { name: 'Open' }).click()
}

const menu = (page, name) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()

test('who may come in', async t => {
  const page = await open(t, { path: base + '/admin', excused: [/status of 40[13]/] })
  await checkAxe(page, 'the door')
  for (const [key, said] of [['tg-wrong', /not known here/], [process.env.TILGATE_KEY, /does not administer/]]) {
    await enter(page, key)
    assert.match(await page.getByRole('alert').innerText(), said)
  }
  await enter(page, aida)
  await page.getByRole('heading', { name: 'Traffic' }).waitFor()
  const [cookie] = (await page.context().cookies(base + '/admin')).filter(c => c.name === 'tilgate_admin')
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path, cookie.value.includes(aida)], [true, 'Strict', '/admin', false])
  await page.getByRole('button', { name: 'Leave' }).click()
  await page.getByLabel('Your key').waitFor()
  await page.goto(base + '/admin/keys')
  await page.getByLabel('Your key').waitFor()
})

// The narrowest is looked at by axe, the others by people.
for (const [size, { colorScheme, ...options }] of Object.entries({ narrow: { viewport: { width: 320, height: 640 } },
  phone: { ...phone, isMobile: false, colorScheme: 'dark' }, desktop: { ...desktop, colorScheme: 'light' } })) {
  test(`every page, ${size}`, async t => {
    await put(aida, questions.ky.text)
    await put(aida, 'Марска аба шары менен кантип учса болот?')
    await put(process.env.TILGATE_KEY, questions.ur.text)
    const page = await open(t, { path: '', ...options, ...(colorScheme && { colorScheme }) })
    await enter(page, aida)
    const paths = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').evaluateAll(links => links.map(a => a.getAttribute('href')))
    assert.ok(paths.length >= 10)
    for (const path of [...paths, '/admin?days=0', '/admin/knowledge/namuna', '/admin/languages/ky', '/admin/search?q=' + encodeURIComponent(questions.ky.text)]) {
      const response = await page.goto(base + path)
      assert.equal(response.status(), 200, path)
      await checkWidth(page, path)
      if (!colorScheme) {
        await checkAxe(page, path)
        continue
      }
      await page.screenshot({ path: `${shots}/admin${path.replaceAll(/[/?=%]+/g, '-').slice(6, 40)}-${size}-${colorScheme}.png`, fullPage: true })
    }
  })
}

test('what was asked', async t => {
  const page = await open(t, { path: '' })
  await put(aida, 'Марска ракета менен кантип учса болот?')
  await enter(page, aida)
  await menu(page, 'Conversations')
  await page.getByText('Марска ракета менен').waitFor()
  await menu(page, 'Unanswered')
  await assert.doesNotReject(async () => { // the ledger is a tenth of a second behind
    for (let i = 0; i < 50 && !await page.getByText(/Марска .* кантип учса болот/).first().isVisible(); i++) await page.reload()
    await page.getByText(/Марска .* кантип учса болот/).first().waitFor()
  })
})

test('searching', async t => {
  const page = await open(t, { path: '', javaScriptEnabled: false })
  await enter(page, aida)
  await menu(page, 'Search')
  await page.getByLabel('Question').fill(questions.ky.text)
  await page.getByRole('button', { name: 'Search' }).click()
  await page.getByText(/Taken for Kyrgyz/).waitFor()
  assert.match(await page.getByRole('article').first().innerText(), /words \d+\.\d\d/)
  await page.getByLabel('Question').fill('Телескоп музейи качан ачык?') // the hostile document
  await page.getByLabel('Language').selectOption('ky')
  await page.getByRole('button', { name: 'Search' }).click()
  await page.getByText('<script>alert(4)</script>').waitFor()
})

test('a key is made, used and taken back', async t => {
  const page = await open(t, { path: '', excused: [/status of 400/] })
  await enter(page, aida)
  await menu(page, 'Keys')
  await page.getByLabel('Name of the caller').fill('school')
  await page.getByLabel('Requests a day').fill('50')
  await page.getByRole('button', { name: 'Make the key' }).click()
  const key = await page.locator('.secret').innerText()
  const until = async status => {
    for (let i = 0; i < 100; i++) {
      const { status: got } = await fetch(base + '/v1/models', { headers: { authorization: `Bearer ${key}` } })
      if (got === status) return
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    assert.fail(`the key does not come to answer ${status}`)
  }
  await until(200)
  await put(key, questions.ky.text)
  await menu(page, 'Keys')
  const row = page.getByRole('row').filter({ hasText: 'school' })
  assert.match(await row.innerText(), /1 of 50 requests today/)
  await row.getByText('Take back', { exact: true }).click()
  await row.getByRole('button', { name: 'Take school back' }).click()
  await page.getByText('taken back on').waitFor()
  await until(401)
  await page.getByLabel('Name of the caller').fill('school')
  await page.getByRole('button', { name: 'Make the key' }).click()
  assert.match(await page.getByRole('alert').innerText(), /there is a key of "school" already/)
})

test('two people agree', async t => {
  const words = 'Аялдар 58 жашында чыгат. <img src=x onerror=alert(1)>'
  const { id } = await put(process.env.TILGATE_KEY, questions.ky.text)
  await api('/v1/feedback', process.env.TILGATE_KEY, { exchange: id, rating: -1, correction: words, question: questions.ky.text, answer: 'Билбейм.',
    consent: { training: true, language: 'ky', version: '1' } }, 201)
  for (const [key, agreed] of [[aida, '1 agreed'], [bek, '2 agreed']]) {
    const page = await open(t, { path: '' })
    await enter(page, key)
    await menu(page, 'Feedback')
    const said = page.getByRole('article').filter({ hasText: words })
    await checkAxe(page, 'feedback')
    await said.getByRole('button', { name: 'Agree' }).click()
    await page.waitForLoadState()
    if (key === bek) await page.getByRole('link', { name: 'agreed', exact: true }).click()
    await page.getByRole('article').filter({ hasText: words }).filter({ hasText: agreed }).waitFor()
  }
})
