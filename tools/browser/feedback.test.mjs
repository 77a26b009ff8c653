// What readers say of an answer reaches the service, with what they agreed to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, button, checkAxe, checkWidth, control, open, questions, say } from './lib.mjs'

const narrow = { viewport: { width: 320, height: 640 } }

test('a correction', async t => {
  const page = await open(t, narrow)
  const said = await ask(page, questions.ky.text)
  await button(said, 'bad').click()
  await said.getByLabel(say('wrong_source')).check()
  await said.getByLabel(say('correction')).fill('<b>Аялдар</b> 58 жашында чыгат')
  await said.getByLabel(say('consent')).check()
  await checkAxe(page, 'a correction')
  await checkWidth(page, 'a correction')
  const response = page.waitForResponse(r => r.url().endsWith('/v1/feedback'))
  await button(said, 'send').click()
  const answered = await response, sent = answered.request().postDataJSON()
  assert.ok(answered.ok(), `${answered.status()} ${await answered.text()}`)
  assert.deepEqual([sent.rating, sent.reasons, sent.correction, sent.consent.training, sent.question],
    [-1, ['wrong_source'], '<b>Аялдар</b> 58 жашында чыгат', true, questions.ky.text])
  await said.getByText(say('thanks')).waitFor()
  assert.ok(await button(said, 'send').isHidden(), 'once is enough')
})

test('praise, without consent', async t => {
  const page = await open(t)
  const said = await ask(page, questions.ur.text)
  await button(said, 'good').click()
  assert.ok(await said.getByLabel(say('correction')).isHidden())
  const request = page.waitForRequest(r => r.url().endsWith('/v1/feedback'))
  await button(said, 'send').click()
  const sent = (await request).postDataJSON()
  assert.deepEqual([sent.rating, sent.consent.training], [1, false])
  await said.getByText(say('thanks')).waitFor()
})

test('the line is cut, and what was written stays', async t => {
  const page = await open(t, { excused: [/ERR_|Failed to load resource/] })
  const said = await ask(page, questions.ky.text)
  await button(said, 'bad').click()
  await said.getByLabel(say('correction')).fill('Аялдар 58 жашында чыгат')
  await control('down')
  await button(said, 'send').click()
  await said.getByText(say('unreachable')).waitFor()
  await control('up')
  await button(said, 'send').click()
  await said.getByText(say('thanks')).waitFor()
})
