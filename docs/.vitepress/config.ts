import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DefaultTheme, defineConfig } from 'vitepress'
import { writeDigits } from './digits'

const site = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The pages below a folder, each under its first heading; a folder with an index.md links there. */
const pagesOf = (folder: string): DefaultTheme.SidebarItem[] => {
  const place = join(site, folder)
  if (!statSync(place, { throwIfNoEntry: false })) return []
  return readdirSync(place, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): DefaultTheme.SidebarItem[] => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return [{ text: entry.name, collapsed: true, items: pagesOf(path) }]
      if (!entry.name.endsWith('.md') || path === 'api/index.md') return []
      const heading = /^# (.*)$/m.exec(readFileSync(join(site, path), 'utf8'))?.[1] ?? entry.name
      const link = `/${path.replace(/(index)?\.md$/, '')}`
      return [{ text: heading.replaceAll('\\', ''), link }]
    })
}

const guide = [
  { text: 'Tensors', link: '/guide/tensors' },
  { text: 'Devices', link: '/guide/devices' },
  { text: 'The WebGPU device', link: '/guide/webgpu' },
  { text: 'The wasm device', link: '/guide/wasm' },
  { text: 'The gpu.js device', link: '/guide/gpujs' },
  { text: 'Your own kernel', link: '/guide/kernels' },
  { text: 'Linear algebra', link: '/guide/linear-algebra' },
  { text: 'Solvers that report', link: '/guide/solvers' },
  { text: 'How a function is compiled', link: '/guide/how-it-compiles' },
  { text: 'Autodiff in one page', link: '/guide/autodiff-in-one-page' },
  { text: 'Which hypergradient when', link: '/guide/estimators' },
  { text: 'Reading a certificate', link: '/guide/certificates' },
  { text: 'Bilevel algorithms', link: '/guide/bilevel-algorithms' },
  { text: 'Benchmark', link: '/guide/benchmark' },
  { text: 'Coming from another library', link: '/guide/coming-from' },
  { text: 'Errors and outcomes', link: '/guide/errors' },
  { text: 'What is missing', link: '/guide/missing' },
]
// by year
const papers = [
  { text: 'What is here', link: '/papers/' },
  { text: 'Maclaurin et al. 2015', link: '/papers/maclaurin-2015' },
  { text: 'Franceschi et al. 2017, 2018', link: '/papers/franceschi-2017-2018' },
  { text: 'Lorraine et al. 2020', link: '/papers/lorraine-2020' },
  { text: 'Geng et al. 2021', link: '/papers/geng-2021' },
  { text: 'Clarke et al. 2022', link: '/papers/clarke-2022' },
  { text: 'Dagréou et al. 2022', link: '/papers/dagreou-2022' },
  { text: 'Vicol et al. 2022', link: '/papers/vicol-2022' },
]
const reproductions = pagesOf('reproductions')
const paperGroups: DefaultTheme.SidebarItem[] = [
  { text: 'Papers', items: papers },
  ...(reproductions.length > 0 ? [{ text: 'Reproductions', items: reproductions }] : []),
]
const live = [
  { text: 'A function, and what becomes of it', link: '/live/editor' },
  { text: 'Ten images that teach', link: '/live/distillation' },
]
const isWritten = ({ link }: { link: string }) =>
  statSync(join(site, `${link}.md`), { throwIfNoEntry: false })?.isFile()
const written = guide.filter(isWritten)

writeDigits()

export default defineConfig({
  title: 'Neumann',
  description: 'Differentiable programming in TypeScript, through learning itself',
  lang: 'en',
  cleanUrls: true,
  lastUpdated: false,
  srcExclude: ['node_modules/**'],
  // the live pages run the packages as their sources are
  vite: {
    resolve: { conditions: ['@neumann/source', 'module', 'browser', 'import', 'default'] },
    worker: { format: 'es' },
  },
  themeConfig: {
    nav: [
      ...written.slice(0, 1).map(({ link }) => ({ text: 'Guide', link, activeMatch: '^/guide/' })),
      { text: 'Papers', link: '/papers/', activeMatch: '^/(papers|reproductions)/' },
      ...live.slice(0, 1).map(({ link }) => ({ text: 'Live', link, activeMatch: '^/live/' })),
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
    ],
    sidebar: {
      '/guide/': [
        { text: 'Guide', items: written },
        { text: 'Live', items: live },
      ],
      '/papers/': paperGroups,
      '/reproductions/': paperGroups,
      '/live/': [{ text: 'Live', items: live }],
      '/api/': [{ text: 'API', link: '/api/', items: pagesOf('api') }],
    },
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: 'https://github.com/neumann-ts/neumann' }],
  },
})
