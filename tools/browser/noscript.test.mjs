// The whole way in a browser that runs no scripts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answers, ask, base, button, composer, control, mark, open, questions, say, send } from './lib.mjs'

const plain = { javaScriptEnabled: false, excused: [/status of 40[01]/] }

test('enter, ask, read the passage, ask again, leave', async t => {
  const page = await open(t, { ...plain, path: base })
  const key = page.getByLabel(say('key'))
  await key.fill('tg-wrong')
  await button(page, 'open').click()
  await page.getByRole('alert').waitFor()
  await key.fill(process.env.TILGATE_KEY)
  await button(page, 'open').click()
  const said = await ask(page, questions.ky.text)
  assert.match(await said.innerText(), questions.ky.answer)
  await mark(said).click()
  assert.match(page.url(), /#p1$/)
  const passage = page.locator(':target')
  assert.ok(await passage.locator('blockquote').isVisible())
  assert.match(await passage.locator('mark').first().innerText(), questions.ky.answer, 'what is quoted')
  assert.match(await passage.innerText(), /2026/)
  assert.match(await (await ask(page, questions.ur.text)).innerText(), questions.ur.answer)
  await button(page, 'forget_key').click()
  await key.waitFor()
})

test('an answer in another language', async t => {
  const page = await open(t, plain)
  const said = await ask(page, questions.ky.text)
  await control('say', { Text: 'Әйелдер 58 жасында зейнетке шыға алады, деп үкімет қаулысында айтылған.' })
  await said.getByLabel(say('taken')).selectOption('kk')
  await button(said, 'again').click()
  await page.locator('article .text[lang=kk]').waitFor()
})

test('the model is gone', async t => {
  await control('say', { Fails: true })
  const page = await open(t, plain)
  const said = await ask(page, questions.ky.text)
  assert.match(await said.innerText(), questions.ky.answer)
  assert.deepEqual((await said.innerText()).match(/модели/g), ['модели'], 'it is said once')
})

test('text is there before the answer is whole', async t => {
  const page = await open(t, plain)
  await control('say', { Text: 'Аялдар 58 жашында пенсияга чыга алат [1]. ' + 'Эркектер 63 жашында пенсияга чыгат [1]. '.repeat(8), Pause: 150 })
  await send(page, questions.ky.text)
  await page.getByText('58 жашында пенсияга чыга алат').first().waitFor()
  assert.equal(await answers(page).count(), 0)
})

test('an empty question', async t => {
  const page = await open(t, plain)
  await send(page, '   ')
  assert.match(await page.getByRole('alert').innerText(), new RegExp(say('empty')))
  assert.ok(await composer(page).isVisible())
})
