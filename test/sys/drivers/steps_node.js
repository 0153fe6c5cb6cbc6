// SPDX-License-Identifier: ISC
// The steps by node-postgres: HOST PORT USER DATABASE CLIENTS. Prints each
// transcript that is unlike the others.
'use strict'
const crypto = require('crypto')
const { Client } = require('pg')

const md5 = (data) => crypto.createHash('md5').update(data).digest('hex')
const [host, port, user, database, clients] = process.argv.slice(2)
const address = { host, port: Number(port), user, database }

async function steps (number) {
  const lines = []
  const say = (step, ...what) => lines.push(step + ': ' +
    what.map((w) => typeof w === 'string' ? w : JSON.stringify(w)).join(' | '))
  const refused = async (step, promise) => {
    try {
      await promise
      say(step, 'no error')
    } catch (why) {
      say(step, String(why.code), why.message)
    }
  }
  const c = new Client(address)
  const notices = []
  c.on('notice', (n) => notices.push([n.severity, n.message]))
  await c.connect()
  const one = async (...q) => (await c.query(...q)).rows[0]
  say('parameters', await one('select $1::int as a, $2::text as b, ' +
    '$3::int as c, $4::bytea as d', [7, "it's ü", null,
    Buffer.from([0, 1, 255])]))
  for (let i = 0; i < 5; i++) {
    say('again', await one({ name: 'twice', text: 'select $1::int * 2 as x',
      values: [i] }))
  }
  for (let i = 0; i < 30; i++) {
    await one({ name: 'n' + i, text: 'select ' + i + ' as x' })
  }
  say('names', await one({ name: 'n3', text: 'select 3 as x' }))
  await refused('error', c.query('selekt'))
  await refused('named error', c.query({ name: 'bad', text: 'selekt' }))
  await refused('named again', c.query({ name: 'bad', text: 'selekt' }))
  await c.query('begin')
  await refused('in transaction', c.query('select 1/$1::int', [0]))
  await refused('in failed', c.query('select 1'))
  await c.query('rollback')
  await c.query('begin')
  await c.query('savepoint s')
  await refused('behind savepoint', c.query({ name: 'div',
    text: 'select 1/$1::int as x', values: [0] }))
  await c.query('rollback to s')
  say('savepoint', await one({ name: 'div', text: 'select 1/$1::int as x',
    values: [1] }))
  await c.query('commit')
  const many = await Promise.all(Array.from({ length: 20 }, (_, i) =>
    c.query('select $1::int as x', [i])))
  say('queued', many.map((r) => r.rows[0].x))
  say('two statements', (await c.query('select 1 as a; select 2 as b'))
    .map((r) => r.rows))
  if (number < 8) {
    const sleep = refused('cancel', c.query('select pg_sleep(20)'))
    await new Promise((resolve) => setTimeout(resolve, 500))
    await cancel(c)
    await sleep
  } else {
    say('cancel', '57014', 'canceling statement due to user request')
  }
  await c.query("do $$ begin raise notice 'hello'; raise warning " +
    "'careful'; end $$")
  say('notices', notices)
  const rows = await c.query({ text: "select n, 'row ' || n from " +
    'generate_series(1, 5000) n', rowMode: 'array' })
  say('rows', md5(JSON.stringify(rows.rows)))
  const big = number === 0
    ? md5((await one("select repeat('0123456789', 5000000) as x")).x)
    : '1b2bf612807ee4bba57ba0f428f6b1f4'
  say('50 MB', big)
  await c.end()
  return lines.join('\n')
}

// A CancelRequest on a connection of its own.
function cancel (c) {
  return new Promise((resolve) => {
    const socket = require('net').connect(address.port, address.host, () => {
      const packet = Buffer.alloc(16)
      packet.writeInt32BE(16, 0)
      packet.writeInt32BE(80877102, 4)
      packet.writeInt32BE(c.processID, 8)
      packet.writeInt32BE(c.secretKey, 12)
      socket.end(packet)
    })
    socket.on('close', resolve)
    socket.on('error', resolve)
    socket.resume()
  })
}

Promise.all(Array.from({ length: Number(clients) }, (_, n) =>
  steps(n).catch((why) => 'FAULT ' + why))).then((texts) =>
  console.log([...new Set(texts)].sort().join('\n====\n')))
