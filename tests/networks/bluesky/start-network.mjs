// Starts a throw-away Bluesky network (PLC directory, PDS, AppView, bsync and, with
// --mode full, Ozone) from the published npm packages, on the given loopback ports.
//
//   node start-network.mjs --pg URL [--mode lite|full] [--db NAME]
//        [--plc 2582] [--pds 2583] [--bsky 2584] [--bsync 2585] [--ozone 2587]
//        [--control 2590] [--rate-limits] [--indexed-at-epoch ISO] [--scratch DIR]
//        [--stop-with-stdin]
//
// The PDS keeps one SQLite file per account under --scratch (default: a new folder in
// /dev/shm, since every commit is synced), which is removed on the way out. stdout carries
// exactly one line, a JSON object, once everything answers. SIGTERM, SIGINT, POST /stop on
// the control port and, with --stop-with-stdin, the end of stdin shut it down: so it cannot
// outlive a test run that was killed. State does not outlive it.
import { egressAttempts } from './loopback.mjs'
import fs from 'node:fs'
import http from 'node:http'
import { createRequire, enableCompileCache } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const began = performance.now()
const { values: opt } = parseArgs({
  options: {
    mode: { type: 'string', default: 'lite' },
    pg: { type: 'string' },
    db: { type: 'string', default: 'atnet' },
    plc: { type: 'string', default: '2582' },
    pds: { type: 'string', default: '2583' },
    bsky: { type: 'string', default: '2584' },
    bsync: { type: 'string', default: '2585' },
    ozone: { type: 'string', default: '2587' },
    control: { type: 'string', default: '2590' },
    'rate-limits': { type: 'boolean', default: false },
    'indexed-at-epoch': { type: 'string' },
    scratch: { type: 'string' },
    'stop-with-stdin': { type: 'boolean', default: false },
  },
})
if (!opt.pg) throw new Error('--pg: the address of a PostgreSQL server is needed')
enableCompileCache(path.join(import.meta.dirname, 'node_modules', '.cache', 'compile'))
const scratch = opt.scratch ?? fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'atnet-'))
process.env.TMPDIR = scratch // dev-env puts the PDS's files below os.tmpdir()
process.on('exit', () => { fs.rmSync(scratch, { recursive: true, force: true }) })
if (!['lite', 'full'].includes(opt.mode)) throw new Error('--mode is lite or full')
const port = Object.fromEntries(
  ['plc', 'pds', 'bsky', 'bsync', 'ozone', 'control'].map((k) => [k, Number(opt[k])]),
)
// stray console.log output must not end up in front of the ready line
console.log = console.info = (...a) => console.error(...a)
process.env.REDIS_HOST ??= '127.0.0.1:1' // only asserted to be set; nothing connects to it

// ---- a fresh database per start -------------------------------------------------
const need = createRequire(import.meta.resolve('@atproto/bsky'))
const pg = need('pg')
if (!/^[a-z_][a-z0-9_]*$/.test(opt.db)) throw new Error('--db: plain lower-case name')
withoutTrigrams(pg.Client)
{
  const admin = new pg.Client({ connectionString: opt.pg })
  await admin.connect()
  await admin.query(`drop database if exists ${opt.db} with (force)`)
  await admin.query(`create database ${opt.db}`)
  await admin.end()
}
const dbUrl = Object.assign(new URL(opt.pg), { pathname: `/${opt.db}` }).href

/**
 * The AppView wants the extension pg_trgm for its search of accounts by name, which no test
 * uses; the PostgreSQL that comes as a Python package lacks it. So the extension is not
 * created, and its three indexes become ordinary ones.
 */
function withoutTrigrams(Client) {
  const rewrite = (text) => text
    .replace(/^create extension if not exists pg_trgm\b.*/, 'select 1')
    .replace(/using gist \((\S+) gist_trgm_ops\)/, '($1)')
  const query = Client.prototype.query
  Client.prototype.query = function (first, ...rest) {
    if (typeof first === 'string') return query.call(this, rewrite(first), ...rest)
    if (typeof first?.text === 'string' && !first.submit) first = { ...first, text: rewrite(first.text) }
    return query.call(this, first, ...rest)
  }
}

// ---- services -------------------------------------------------------------------
const dev = await import('@atproto/dev-env')
const imported = performance.now()
const pdsOpts = {
  port: port.pds,
  hostname: 'localhost',
  rateLimitsEnabled: opt['rate-limits'],
  bskyAppViewCdnUrlPattern: `http://localhost:${port.bsky}/img/%s/plain/%s/%s`,
}
const bskyOpts = { port: port.bsky, publicUrl: `http://localhost:${port.bsky}` }
if (opt['indexed-at-epoch']) bskyOpts.indexedAtEpoch = new Date(opt['indexed-at-epoch'])

async function lite() {
  const plc = await dev.TestPlc.create({ port: port.plc })
  const bsync = await dev.TestBsync.create({
    port: port.bsync, apiKeys: ['bsync-api-key'], dbUrl, dbSchema: 'bsync',
  })
  const bsky = await dev.TestBsky.create({
    plcUrl: plc.url,
    pdsPort: port.pds,
    repoProvider: `ws://localhost:${port.pds}`,
    bsyncUrl: bsync.url,
    bsyncApiKey: 'bsync-api-key',
    dbPostgresUrl: dbUrl,
    dbPostgresSchema: 'appview',
    redisHost: process.env.REDIS_HOST,
    ...bskyOpts,
  })
  bsync.ctx.dataplaneClients = [bsky.ctx.dataplane]
  const pds = await dev.TestPds.create({
    didPlcUrl: plc.url, bskyAppViewUrl: bsky.url, bskyAppViewDid: bsky.ctx.cfg.serverDid, ...pdsOpts,
  })
  dev.mockNetworkUtilities(pds, bsky)
  return {
    plc, pds, bsky, bsync,
    async close() {
      for (const s of [bsky, bsync, pds, plc]) await s.close().catch((e) => console.error(String(e)))
    },
  }
}
const full = () =>
  dev.TestNetwork.create({
    dbPostgresUrl: dbUrl,
    dbPostgresSchema: 'net',
    plc: { port: port.plc },
    pds: pdsOpts,
    bsky: bskyOpts,
    ozone: { port: port.ozone, dbMaterializedViewRefreshIntervalMs: 3_600_000 },
  })
const net = await (opt.mode === 'full' ? full() : lite())
const appview = net.bsky

/** Resolves when the AppView has indexed everything the PDS has sequenced so far. */
async function settle(limitMs = 60_000) {
  const t0 = performance.now()
  const head = (await net.pds.ctx.sequencer.curr()) ?? 0
  for (;;) {
    await net.pds.processAll()
    await appview.sub.processAll()
    const at = Number((await appview.sub.getCursor()) ?? 0)
    if (at >= head) return { ms: Math.round(performance.now() - t0), seq: head }
    if (performance.now() - t0 > limitMs) throw new Error(`AppView at ${at}, PDS at ${head}`)
    await new Promise((r) => setTimeout(r, 10))
  }
}

const MB = (n) => Math.round(n / 1048576)
const basic = 'Basic ' + Buffer.from('admin:admin-pass').toString('base64')
const info = {
  mode: opt.mode,
  plc: net.plc.url,
  pds: net.pds.url,
  appview: appview.url,
  firehose: `ws://localhost:${port.pds}/xrpc/com.atproto.sync.subscribeRepos`,
  bsync: net.bsync.url,
  ozone: net.ozone?.url,
  control: `http://127.0.0.1:${port.control}`,
  appviewDid: appview.serverDid,
  pdsDid: net.pds.ctx.cfg.service.did,
  labelerDid: net.ozone?.ctx.cfg.service.did ?? dev.EXAMPLE_LABELER,
  adminAuth: basic,
  pid: process.pid,
  scratch,
}

// ---- control port: what a test needs and the public API does not offer ------------
const actions = {
  'GET /': () => info,
  'GET /stats': async () => {
    const m = process.memoryUsage()
    return {
      rssMB: MB(m.rss), heapUsedMB: MB(m.heapUsed), uptimeS: Math.round(process.uptime()),
      cpuS: +(process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6).toFixed(1),
      pdsSeq: await net.pds.ctx.sequencer.curr(),
      appviewSeq: Number((await appview.sub.getCursor()) ?? 0),
      egressAttempts,
    }
  },
  'POST /settle': ({ limitMs }) => settle(limitMs),
  // {uri: DID or at-uri, val, cid?, src?, neg?, cts?}: a moderation label in the AppView
  'POST /label': async ({ uri, val, cid = '', src = info.labelerDid, neg = false, cts }) => {
    const row = { src, uri, cid, val, neg, cts: cts ?? new Date().toISOString() }
    const t = appview.db.db
    await t.deleteFrom('label').where('src', '=', src).where('uri', '=', uri).where('val', '=', val).execute()
    await t.insertInto('label').values(row).execute()
    return row
  },
  'POST /stop': () => { setTimeout(stop, 50); return { stopping: true } },
}
const control = http.createServer(async (req, res) => {
  const act = actions[`${req.method} ${req.url.split('?')[0]}`]
  const say = (code, body) => {
    res.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body) + '\n')
  }
  if (!act) return say(404, { error: 'NotFound', actions: Object.keys(actions) })
  try {
    let raw = ''
    for await (const part of req) raw += part
    say(200, await act(raw ? JSON.parse(raw) : {}))
  } catch (e) {
    say(500, { error: e.name, message: e.message })
  }
})
await new Promise((done, fail) => control.once('error', fail).listen(port.control, done))

let stopping
async function stop() {
  stopping ??= (async () => {
    setTimeout(() => process.exit(1), 20_000).unref()
    control.closeAllConnections()
    control.close()
    await net.close()
    process.exit(0)
  })().catch((e) => { console.error(e); process.exit(1) })
  return stopping
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
if (opt['stop-with-stdin']) process.stdin.on('end', stop).on('error', stop).resume()

await settle()
info.startMs = Math.round(performance.now() - began)
info.importMs = Math.round(imported - began)
info.rssMB = MB(process.memoryUsage().rss)
info.startCpuS = +((process.cpuUsage().user + process.cpuUsage().system) / 1e6).toFixed(1)
process.stdout.write(JSON.stringify(info) + '\n')
