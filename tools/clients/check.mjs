// Asks Tilgate with the stock OpenAI client: node check.mjs BASE KEY
import assert from 'node:assert/strict'
import OpenAI from 'openai'

const [base, apiKey] = process.argv.slice(2)
const client = new OpenAI({ baseURL: base + '/v1', apiKey, maxRetries: 0 })
const messages = [{ role: 'user', content: 'Аялдар канча жаштан пенсияга чыгат?' }]

// Places in a text are code points; JavaScript counts UTF-16 units.
function checkAnnotations(message) {
  const letters = [...message.content]
  assert.ok(message.annotations.length > 0)
  for (const { type, url_citation: cited } of message.annotations) {
    assert.equal(type, 'url_citation')
    assert.match(letters.slice(cited.start_index, cited.end_index).join(''), /^\[\d+\]$/)
    assert.match(cited.url, /^https:\/\//)
    assert.ok(cited.title)
  }
}

function checkExtension(tilgate) {
  assert.equal(tilgate.language.tag, 'ky')
  assert.equal(tilgate.adapter, 'ky')
  assert.equal(tilgate.degraded, 'no_model')
  assert.equal(tilgate.grounded, true)
  assert.ok(tilgate.passages.length > 0)
}

async function whole() {
  const answer = await client.chat.completions.create({ model: 'auto', messages })
  const { message, finish_reason } = answer.choices[0]
  assert.equal(finish_reason, 'stop')
  assert.match(message.content, /58/)
  assert.ok(answer.usage.total_tokens > 0)
  checkAnnotations(message)
  checkExtension(answer.tilgate)
  assert.equal(answer.tilgate.chars, [...message.content].length)
  return message
}

async function stream(wanted) {
  const chunks = await client.chat.completions.create({
    model: 'auto', messages, stream: true, stream_options: { include_usage: true } })
  let text = '', annotations = [], tilgate, usage, finish
  for await (const chunk of chunks) {
    for (const { delta, finish_reason } of chunk.choices) {
      text += delta.content ?? ''
      annotations.push(...(delta.annotations ?? []))
      finish = finish_reason ?? finish
    }
    tilgate = chunk.tilgate?.adapter ? chunk.tilgate : tilgate
    usage = chunk.usage ?? usage
  }
  assert.equal(finish, 'stop')
  assert.equal(text, wanted.content)
  assert.deepEqual(annotations, wanted.annotations)
  assert.ok(usage.total_tokens > 0)
  checkExtension(tilgate)
}

// The helper that puts a stream together for the caller.
async function helper(wanted) {
  const runner = client.chat.completions.stream({ model: 'auto', messages })
  assert.equal((await runner.finalMessage()).content, wanted.content)
}

async function extension() {
  const answer = await client.chat.completions.create({
    model: 'auto', messages, tilgate: { language: 'ky', knowledge: ['namuna'] } })
  assert.equal(answer.tilgate.language.confidence, 1)
  assert.equal(answer.tilgate.passages[0].kb, 'namuna')
}

// A thin network: packed, by whole sentences, not longer than a few messages.
async function thin(wanted) {
  const ask = more => client.chat.completions.create({ model: 'auto', messages, stream: true, ...more }).withResponse()
  const read = async ({ data, response }) => {
    let text = '', chunks = 0, annotations = [], finish, last
    for await (const chunk of data) {
      assert.match(chunk.id, /^chatcmpl-/)
      assert.equal(chunk.object, 'chat.completion.chunk')
      const { delta, finish_reason } = chunk.choices[0]
      text += delta.content ?? ''
      annotations.push(...(delta.annotations ?? []))
      finish = finish_reason ?? finish
      last = chunk.tilgate ?? last
      chunks++
    }
    assert.match(response.headers.get('content-encoding'), /^(gzip|br|zstd)$/)
    return { text, chunks, annotations, finish, last }
  }
  const plain = await read(await ask({}))
  const sentences = await read(await ask({ tilgate: { flush: 'sentence', passages: 'cited' } }))
  assert.equal(sentences.text, wanted.content)
  assert.equal(plain.text, wanted.content)
  assert.deepEqual(sentences.annotations, wanted.annotations)
  assert.equal(sentences.finish, 'stop')
  assert.ok(sentences.chunks <= plain.chunks, `${sentences.chunks} chunks, ${plain.chunks} without`)
  assert.ok(sentences.last.passages.length > 0)
  const runner = client.chat.completions.stream({ model: 'auto', messages, tilgate: { flush: 'sentence' } })
  const message = await runner.finalMessage()
  assert.equal(message.content, wanted.content)
  const short = await client.chat.completions.create({ model: 'auto', messages, tilgate: { max_bytes: 120, passages: 'none' } })
  const { content } = short.choices[0].message
  assert.ok(Buffer.byteLength(content) <= 120 && content.length > 0, content)
  assert.equal(short.choices[0].finish_reason, 'length')
  assert.equal(short.tilgate.passages, undefined)
  await assert.rejects(ask({ tilgate: { max_bytes: 5 } }), OpenAI.BadRequestError)
  await assert.rejects(ask({ tilgate: { flush: 'never' } }), OpenAI.BadRequestError)
}

async function models() {
  const names = []
  for await (const model of client.models.list()) names.push(model.id)
  assert.ok(names.includes('auto') && names.includes('auto:ky'), String(names))
  assert.equal((await client.models.retrieve('auto:ky')).owned_by, 'tilgate')
}

// Each error arrives as the class that the client has for it.
async function errors() {
  const ask = (more, other = client) => other.chat.completions.create({ model: 'auto', messages, ...more })
  await assert.rejects(ask({ model: 'gpt-9' }), OpenAI.NotFoundError)
  await assert.rejects(ask({ messages: [] }), OpenAI.BadRequestError)
  await assert.rejects(ask({ model: 'auto:de' }), error => {
    assert.ok(error instanceof OpenAI.UnprocessableEntityError)
    assert.equal(error.code, 'unsupported_language')
    assert.equal(error.param, 'tilgate.language')
    assert.match(error.message, /no adapter serves de/)
    assert.match(error.requestID, /^req_/)
    return true
  })
  await assert.rejects(ask({ model: 'auto:de', stream: true }), OpenAI.UnprocessableEntityError)
  const stranger = new OpenAI({ baseURL: base + '/v1', apiKey: 'tg-wrong', maxRetries: 0 })
  await assert.rejects(ask({}, stranger), OpenAI.AuthenticationError)
}

async function leaving() {
  const chunks = await client.chat.completions.create({ model: 'auto', messages, stream: true })
  for await (const _ of chunks) break
}

const message = await whole()
await stream(message)
await helper(message)
await extension()
await thin(message)
await models()
await errors()
await leaving()
console.log(`openai ${(await import('openai/version')).VERSION}: well`)
