import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runInNewContext } from 'node:vm'
import ts from 'typescript'
import { parse } from 'yaml'
import { type ParsedArguments, parseArguments } from '../../src/cli/arguments.js'
import { commands } from '../../src/cli/registry.js'

export const root = resolve(import.meta.dirname, '../..')

export const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const kubernetes = (file: string) => parse(read(`deploy/kubernetes/${file}`))

type Variables = Readonly<Record<string, string>>

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly periodSeconds: number
  readonly failureThreshold: number
}

interface Container {
  readonly name: string
  readonly args: readonly string[]
  readonly env: readonly {
    readonly name: string
    readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } }
  }[]
  readonly envFrom: readonly unknown[]
}

interface Server extends Container {
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe: Probe
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
}

interface Pod<Main> {
  readonly metadata: { readonly labels: Variables }
  readonly spec: {
    readonly containers: readonly [Main]
    readonly terminationGracePeriodSeconds: number
    readonly restartPolicy?: string
    readonly securityContext: { readonly runAsUser: number }
  }
}

interface Deployment {
  readonly spec: {
    readonly selector: { readonly matchLabels: Variables }
    readonly progressDeadlineSeconds: number
    readonly template: Pod<Server> & {
      readonly spec: { readonly initContainers: readonly [Container] }
    }
  }
}

interface Job {
  readonly spec: {
    readonly podFailurePolicy: { readonly rules: readonly unknown[] }
    readonly template: Pod<Container>
  }
}

interface Service {
  readonly spec: { readonly selector: Variables; readonly ports: readonly unknown[] }
}

interface ConfigMap {
  readonly metadata: { readonly name: string }
  readonly data: Variables & { readonly PORT: string; readonly HEALTH_PORT: string }
}

interface Compose {
  readonly services: {
    readonly schemagate: {
      readonly environment: Readonly<Record<string, string | number>>
      readonly ports: readonly string[]
      readonly stop_grace_period: string
    }
  }
}

interface RailwayFile {
  readonly build: { readonly dockerfilePath: string }
  readonly deploy: {
    readonly preDeployCommand: readonly string[]
    readonly startCommand: string
    readonly healthcheckPath: string
    readonly healthcheckTimeout: number
    readonly drainingSeconds: number
  }
}

interface AppFile {
  readonly env: Readonly<Record<string, { readonly value?: string; readonly generator?: string }>>
}

export const deployment: Deployment = kubernetes('deployment.yaml')
export const job: Job = kubernetes('migrate-job.yaml')
export const service: Service = kubernetes('service.yaml')
export const configMap: ConfigMap = kubernetes('configmap.yaml')
export const kustomization: { readonly resources: readonly string[] } = kubernetes('kustomization.yaml')
export const compose: Compose = parse(read('compose.yaml'))
export const railwayFile: RailwayFile = JSON.parse(read('railway.json'))

/** A service and its settings, as .railway/railway.ts hands them to Railway's package, which needs a newer Node. */
export function railwayService(): Readonly<Record<string, unknown>> {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 }
  const { outputText } = ts.transpileModule(read('.railway/railway.ts'), { compilerOptions })
  const services: Record<string, unknown>[] = []
  const iac = {
    defineRailway: (define: () => unknown): unknown => define(),
    postgres: (name: string) => ({ env: { DATABASE_URL: `${name}.DATABASE_URL` } }),
    service: (_: string, settings: Record<string, unknown>): unknown => services.push(settings),
    project: (): null => null,
  }
  runInNewContext(outputText, { exports: {}, require: () => iac })
  return services[0] ?? {}
}

const appFile: AppFile = JSON.parse(read('app.json'))

/** The process types of the Procfile, each with the words of its command line. */
export const procfile = read('Procfile')
  .split('\n')
  .flatMap((line) => {
    const [, type, command] = /^([a-z]+): (.+)$/.exec(line) ?? []
    return type === undefined || command === undefined ? [] : [{ type, words: command.split(' ') }]
  })

/** The instructions of the Dockerfile, without comments, with continued lines joined. */
const instructions = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n */g, '')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => ({ name: line.split(' ', 1)[0], text: line.slice(line.indexOf(' ')).trim() }))

/** The arguments of every instruction of this name. */
export function docker(name: string): readonly string[] {
  return instructions.filter((each) => each.name === name).map(({ text }) => text)
}

/** The words of an instruction in exec form: of ENTRYPOINT, CMD, or the command of HEALTHCHECK. */
export function dockerWords(name: string): readonly string[] {
  const [text = '[]'] = docker(name)
  return JSON.parse(text.slice(text.indexOf('[')))
}

const url = 'postgres://app:secret@db:5432/app'

/** The variables that the image sets. */
export const imageVariables: Variables = Object.fromEntries(
  docker('ENV').map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
)

const inPod = ({ env }: Container): Variables => ({
  ...configMap.data,
  ...Object.fromEntries(env.map(({ name }) => [name, name.endsWith('_URL') ? url : 'secret'])),
})
const inCompose = Object.entries(compose.services.schemagate.environment)
const onHeroku = Object.entries(appFile.env)

/** The variables of each platform, with those of the image on the platforms that run it: Heroku does not. */
export const platforms: Readonly<Record<string, Variables>> = {
  image: { NODE_ENV: imageVariables['NODE_ENV'] ?? '', DATABASE_URL: url },
  compose: {
    NODE_ENV: 'production',
    ...Object.fromEntries(inCompose.map(([key, value]) => [key, `${value}`])),
  },
  check: { NODE_ENV: 'production', ...inPod(deployment.spec.template.spec.initContainers[0]) },
  migrate: { NODE_ENV: 'production', ...inPod(job.spec.template.spec.containers[0]) },
  server: { NODE_ENV: 'production', ...inPod(deployment.spec.template.spec.containers[0]) },
  heroku: {
    NODE_ENV: 'production',
    DATABASE_URL: url,
    ...Object.fromEntries(onHeroku.map(([key, { value, generator }]) => [key, value ?? generator ?? ''])),
  },
}

export interface NodeCommand extends ParsedArguments {
  readonly file: string
}

/** Parses `node FILE WORDS…`, where FILE is built from a source file, and the words are a command line of schemagate. */
export function parseNodeCommand([program = '', file = '', ...words]: readonly string[]): NodeCommand {
  const source = file.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts')
  if (program !== 'node' || !existsSync(join(root, source))) throw new Error(`${program} ${file} cannot run`)
  return { file, ...parseArguments(words, commands) }
}
