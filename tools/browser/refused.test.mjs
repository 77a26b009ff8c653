// What the service refuses is said in words, and nothing that was written is lost.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answers, ask, base, button, composer, open, questions, say, send, whole } from './lib.mjs'

test('a key that is not valid any more, in a page that is open', async t => {
  const page = await open(t, { excused: [/status of 401/] })
  await ask(page, questions.ky.text)
  const cookies = await page.context().cookies()
  assert.ok(cookies.length > 0 && cookies.every(c => c.name === 'tilgate_lang' || (c.httpOnly && c.sameSite === 'Strict')), JSON.stringify(cookies))
  await page.context().addCookies(cookies.map(c => ({ ...c, value: c.name === 'tilgate_key' ? 'tg-revoked' : c.value })))
  const refused = await send(page, questions.ur.text)
  await refused.getByText(say('key_gone')).waitFor()
  assert.equal(await page.locator('.state:visible, #banner').getByText(say('key_gone')).count(), 1, 'it is said once')
  assert.match(await answers(page).first().innerText(), questions.ky.answer, 'what was answered stays')
  await composer(page).fill('Эркектер')
  await refused.getByRole('link', { name: say('key') }).click()
  await page.getByLabel(say('key')).fill(process.env.TILGATE_KEY)
  await button(page, 'open').click()
  await composer(page).waitFor()
  assert.equal(await composer(page).inputValue(), 'Эркектер')
  assert.match(await answers(page).first().innerText(), questions.ky.answer, 'the conversation is still here')
  const answer = answers(page).nth(1)
  await whole(answer)
  assert.match(await answer.innerText(), questions.ur.answer, 'and goes on')
})

test('a language that nobody serves', async t => {
  const page = await open(t, { excused: [/status of 422/] })
  const answer = await send(page, 'Wie alt müssen Frauen sein, damit sie in Deutschland eine Rente beantragen können?')
  await whole(answer)
  assert.ok((await answer.innerText()).length > 20)
  assert.match(await (await ask(page, questions.ky.text)).innerText(), questions.ky.answer)
})

test('a question longer than any', async t => {
  const page = await open(t)
  const most = Number(await composer(page).getAttribute('maxlength'))
  await composer(page).fill('а'.repeat(most - 1))
  await composer(page).focus()
  await page.keyboard.press('End')
  await page.keyboard.insertText('ббб')
  assert.equal((await composer(page).inputValue()).length, most)
})

test('links to a question are off, unless the operator wants them', async t => {
  const page = await open(t)
  const answer = await ask(page, questions.ky.text)
  assert.equal(await button(answer, 'share').count(), 0)
  await page.goto(base + '/#q=' + encodeURIComponent(questions.am.text))
  await page.reload()
  assert.equal(await composer(page).inputValue(), '')
})

test('an answer can be copied, and printed without what surrounds it', async t => {
  const page = await open(t, { permissions: ['clipboard-read', 'clipboard-write'] })
  const answer = await ask(page, questions.ky.text)
  await button(answer, 'copy').click()
  await answer.getByText(say('copied')).waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(copied, questions.ky.answer)
  assert.match(copied, /https:\/\/desk\.namuna\.example\/ky\/old-age-pension/)
  await page.emulateMedia({ media: 'print' })
  assert.ok(await composer(page).isHidden())
  assert.match(await answer.innerText(), questions.ky.answer)
})
