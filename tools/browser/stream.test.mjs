// Answers that are on their way: stopped, lost, asked for again, read while
// they grow.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answers, ask, asked, begun, button, composer, control, mark, open, questions, say, send, slow, spoken, style, whole } from './lib.mjs'

test('stop, and ask again', async t => {
  const page = await open(t)
  await control('say', slow)
  const answer = await send(page, questions.ky.text)
  await begun(answer)
  await button(answer, 'stop').click()
  await answer.getByText(say('stopped')).waitFor()
  assert.match(await answer.innerText(), /58 жашында/, 'what was read stays')
  assert.ok(await button(answer, 'stop').isHidden())
  await control('calm')
  await button(answer, 'again').click()
  await whole(answer)
  await answer.getByText(say('stopped')).waitFor({ state: 'hidden' })
  assert.match(await answer.innerText(), questions.ky.answer)
  assert.equal(await answers(page).count(), 1, 'it takes the place of the first')
})

test('stop before the first word', async t => {
  const page = await open(t)
  await control('say', { Text: 'Аялдар '.repeat(60), Pause: 200 })
  const answer = await send(page, questions.ky.text)
  await button(answer, 'stop').click()
  await answer.getByText(say('stopped')).waitFor()
})

test('stop ends the model at once', async t => {
  await spoken(0, 30000) // pages that closed without a word are waited for, 20 s
  const page = await open(t)
  await control('say', slow)
  const answer = await send(page, questions.ky.text)
  await begun(answer)
  const stop = page.waitForResponse('**/ask/stop')
  await button(answer, 'stop').click()
  assert.equal((await stop).status(), 204)
  await answer.getByText(say('stopped')).waitFor()
  await spoken(0, 3000) // well before the reader would be given up
})

test('without a model it is said once', async t => {
  const page = await open(t)
  await control('say', { Fails: true })
  const answer = await ask(page, questions.ky.text)
  assert.match(await answer.innerText(), questions.ky.answer)
  assert.deepEqual((await answer.innerText()).match(/модели|language model/g), ['модели'])
  assert.equal(await page.getByText(/language model/).count(), 0)
  assert.notEqual(await style(answer.locator('.text p').first(), 'backgroundColor'), await style(answer.locator('.text p').last(), 'backgroundColor'), 'and stands out')
  await control('calm')
  assert.doesNotMatch(await (await ask(page, questions.ky.text)).innerText(), /модели/)
})

test('the conversation is kept in the tab, and only there', async t => {
  const page = await open(t)
  await ask(page, questions.ky.text)
  await ask(page, questions.ur.text)
  await page.reload()
  assert.equal(await answers(page).count(), 2)
  assert.match(await answers(page).first().innerText(), questions.ky.answer)
  await mark(answers(page).first()).click()
  const other = await page.context().newPage()
  await other.goto(page.url())
  assert.equal(await answers(other).count(), 0)
  await button(page, 'forget').click()
  assert.equal(await answers(page).count(), 0)
  await page.reload()
  assert.equal(await answers(page).count(), 0)
})

test('a second question while the first is answered', async t => {
  const page = await open(t)
  await control('say', slow)
  const answer = await send(page, questions.ky.text)
  await begun(answer)
  await control('calm')
  assert.match(await (await ask(page, questions.ur.text)).innerText(), questions.ur.answer)
  await answer.getByText(say('stopped')).waitFor()
})

// Each run of text is one text node at all times, or letters would not join;
// the zero-width non-joiner stays; and the text never changes its side.
test('letters join while text grows', async t => {
  const page = await open(t)
  const text = 'زنان در ۵۸ سالگی می‌توانند درخواست مستمری خود را به اداره بدهند. '
  await control('say', { Text: text.repeat(5).trim(), Pause: 40 })
  const answer = await send(page, 'زنان در چه سنی می‌توانند درخواست مستمری بدهند؟')
  await answer.locator('.text p').first().waitFor()
  for (let busy = 'true'; busy === 'true'; busy = await answer.getAttribute('aria-busy')) {
    const seen = await answer.evaluate(e => [...e.querySelectorAll('.text p')].map(p => `${p.childNodes.length} ${getComputedStyle(p).direction}`))
    assert.deepEqual(seen, ['1 rtl'])
  }
  assert.ok((await answer.locator('.text').last().textContent()).includes('می‌توانند'))
})

test('answers are read aloud as they come', async t => {
  const page = await open(t)
  const answer = await send(page, questions.am.text)
  const live = page.locator('[aria-live=polite]').filter({ hasText: '58' })
  await live.waitFor({ state: 'attached' })
  await whole(answer)
  assert.doesNotMatch(await live.innerText(), /\[1\]/, 'without the marks')
})

test('a model is asked once for a question', async t => {
  const page = await open(t)
  const before = await asked()
  await ask(page, questions.ky.text)
  assert.equal(await asked(), before + 1)
  assert.equal(await style(composer(page), 'visibility'), 'visible')
})
