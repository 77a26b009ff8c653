// Lines break. The page comes back for the rest of the answer, and nobody is
// asked twice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answers, asked, begun, button, composer, control, mark, open, questions, say, send, slow, spoken, whole } from './lib.mjs'

const lost = [/ERR_|Failed to load resource/] // what the browser says of a line that is cut

const banner = page => page.locator('#banner')

// textOf is what an answer says, as it stands in the tab.
const textOf = page => page.evaluate(() => document.querySelector('.turn').view.turn.text)

test('the line breaks again and again, and the answer goes on', async t => {
  const page = await open(t, { excused: lost })
  const before = await asked()
  await control('say', slow)
  const answer = await send(page, questions.ky.text)
  await begun(answer)
  for (let i = 0; i < 5; i++) {
    await control('cut')
    await page.waitForTimeout(500)
    assert.ok(await button(answer, 'stop').isVisible(), 'it is still on its way')
  }
  await whole(answer)
  assert.equal(await textOf(page), slow.Text)
  assert.equal(await asked(), before + 1, 'the model was asked once')
  assert.equal(await answer.locator('.state').isVisible(), false)
  await mark(answer).waitFor()
})

test('the line is down for some seconds, and the answer goes on', async t => {
  const page = await open(t, { excused: lost })
  const before = await asked()
  await control('say', slow)
  const answer = await send(page, questions.ky.text)
  await begun(answer)
  await control('down')
  await banner(page).getByText(say('unreachable')).waitFor()
  assert.equal(await page.locator('.state:visible, #banner').getByText(say('unreachable')).count(), 1, 'it is said once')
  assert.match(await answer.innerText(), /58 жашында/, 'what was read stays')
  await page.waitForTimeout(2500)
  await control('up')
  await banner(page).getByText(say('reachable')).waitFor()
  await whole(answer)
  assert.equal(await textOf(page), slow.Text)
  assert.equal(await asked(), before + 1, 'the model was asked once')
})

test('the line breaks before anything came', async t => {
  const page = await open(t, { excused: lost })
  const before = await asked()
  await control('say', { ...slow, Pause: 300 })
  const answer = await send(page, questions.ky.text)
  await page.waitForTimeout(100)
  await control('cut')
  await whole(answer)
  assert.equal(await textOf(page), slow.Text)
  assert.equal(await asked(), before + 1, 'the model was asked once')
})

test('an answer that is not kept any more is asked for again', async t => {
  const page = await open(t, { excused: lost })
  await control('say', slow)
  const answer = await send(page, questions.ky.text)
  await answer.getByText('63 жашында').first().waitFor()
  await page.route('**/ask/more', async route => {
    await route.fulfill({ status: 404, body: '{}' })
  })
  await control('cut')
  await answer.getByText(say('lost')).waitFor()
  const read = (await answer.locator('.text').last().innerText()).length
  assert.ok(read > 50)
  await button(answer, 'again').click()
  for (let i = 0; i < 20; i++) { // what was read stays in sight until as much has come again
    const now = (await answer.locator('.text').last().innerText()).length
    assert.ok(now >= read - 1, `${now} of ${read} characters`)
    await page.waitForTimeout(50)
  }
  await control('calm')
})

test('a tab that is closed ends the model soon', async t => {
  const page = await open(t, { excused: lost })
  await control('say', { ...slow, Text: (slow.Text + ' ').repeat(5) })
  await begun(await send(page, questions.ky.text))
  await page.close({ runBeforeUnload: false })
  await spoken(0, 8000)
})

test('nothing can be reached at all', async t => {
  const page = await open(t, { excused: lost })
  const before = await asked()
  await control('down')
  const answer = await send(page, questions.ky.text)
  await banner(page).getByText(say('unreachable')).waitFor()
  await control('up')
  await whole(answer)
  assert.match(await answer.innerText(), questions.ky.answer)
  assert.equal(await asked(), before + 1)
})

test('reloaded while an answer is on its way', async t => {
  const page = await open(t, { excused: lost })
  const before = await asked()
  await control('say', slow)
  await begun(await send(page, questions.ky.text))
  await composer(page).fill('Эркектер')
  await page.waitForTimeout(1200)
  await page.reload()
  const answer = answers(page).first()
  assert.equal(await composer(page).inputValue(), 'Эркектер', 'and a question half written')
  await whole(answer)
  assert.equal(await textOf(page), slow.Text)
  assert.equal(await asked(), before + 1, 'the model was asked once')
})

test('a tab that is a copy of another takes the answer over', async t => {
  const page = await open(t, { excused: lost })
  const before = await asked()
  await control('say', slow)
  const answer = await send(page, questions.ky.text)
  await begun(answer)
  const kept = await page.evaluate(() => { dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('pageshow')); return sessionStorage['tilgate.talk'] })
  const other = await page.context().newPage()
  await other.addInitScript(kept => { sessionStorage['tilgate.talk'] = kept }, kept)
  await other.goto(page.url())
  await whole(answers(other).first())
  assert.equal(await textOf(other), slow.Text)
  await answer.getByText(say('lost')).waitFor()
  assert.equal(await asked(), before + 1, 'the model was asked once')
})
