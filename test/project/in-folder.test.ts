import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { inFolder } from '../../src/project/in-folder.js'

const home = process.cwd()

function createFolders(t: Test): Record<'one' | 'other', string> {
  const root = t.testdir({ one: {}, other: {} })
  return { one: join(root, 'one'), other: join(root, 'other') }
}

/** Enters the folder after one delay and leaves it after another, in milliseconds; gives where the process was inside. */
async function stay(folder: string, enter: number, leave: number): Promise<string> {
  await sleep(enter)
  return inFolder(folder, async () => {
    await sleep(leave)
    return process.cwd()
  })
}

t.test('overlapping projects leave the process where it was, whichever ends first', async (t) => {
  const { one, other } = createFolders(t)
  await Promise.all([stay(one, 0, 40), stay(other, 20, 60)])
  t.equal(process.cwd(), home)
  t.strictSame(await Promise.all([stay(one, 0, 60), stay(other, 20, 10)]), [one, other])
  t.equal(process.cwd(), home)
})

t.test('what ends first does not take the folder away from what still runs in it', async (t) => {
  const { one } = createFolders(t)
  t.strictSame(await Promise.all([stay(one, 0, 10), stay(one, 0, 40)]), [one, one])
  t.equal(process.cwd(), home)
})

t.test('a folder that is removed meanwhile keeps nobody in it', async (t) => {
  const { one, other } = createFolders(t)
  await Promise.all([
    stay(one, 0, 20),
    stay(other, 10, 60),
    sleep(40).then(() => rm(one, { recursive: true })),
  ])
  t.equal(process.cwd(), home)
  await inFolder(other, async () => {
    await rm(other, { recursive: true })
    t.equal(await inFolder(home, async () => process.cwd()), home)
  })
  t.equal(process.cwd(), home)
})
