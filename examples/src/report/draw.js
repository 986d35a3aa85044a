// Runs in the report: draws each of the plots that stand in it as JSON. uPlot stands before it.
{
  const words = (x, digits = 3) =>
    x === null || x === undefined
      ? '–'
      : x !== 0 && (Math.abs(x) < 0.001 || Math.abs(x) >= 10000)
        ? x.toExponential(digits - 2)
        : String(Number(x.toPrecision(digits)))
  // as few digits as tell the marks of an axis apart
  const marked = (marks) => {
    for (let digits = 3; digits < 9; digits++) {
      const all = marks.map((x) => words(x, digits))
      if (new Set(all).size === all.length) return all
    }
    return marks.map((x) => words(x, 9))
  }
  const wholeNumbers = [1, 10, 100, 1000, 1e4, 1e5, 1e6].flatMap((power) => [power, 2 * power, 5 * power])
  // numbers that differ by rounding alone are drawn as if by a ten-thousandth: uPlot finds no marks between neighbours
  const about = (low, high) => {
    if (low === null || low === undefined) return [null, null]
    const least = 1e-4 * Math.max(Math.abs(low), Math.abs(high))
    const more = low === high ? 0 : Math.max(0, least - (high - low)) / 2
    return uPlot.rangeNum(low - more, high + more, 0.1, true)
  }
  const { settings, plots } = JSON.parse(document.getElementById('plots').textContent)
  const colour = (setting) => `hsl(${Math.round((360 * setting) / settings)} 70% 42%)`
  const home = document.getElementById('charts')
  const drawn = []

  for (const { title, note, log, x, series } of plots) {
    const place = home.appendChild(document.createElement('section'))
    place.appendChild(document.createElement('h2')).textContent = title
    const below = place.appendChild(document.createElement('p'))
    below.className = 'note'
    below.textContent = note
    // logarithms are drawn on an even scale: one that is narrower than a power of ten keeps its marks
    const up = (y) => (y === null || (log && y <= 0) ? null : log ? Math.log10(y) : y)
    const back = (y) => (y === null || y === undefined ? null : log ? 10 ** y : y)
    const width = () => Math.max(280, place.clientWidth)
    const options = {
      width: width(),
      height: 300,
      scales: { x: { time: false }, y: { range: (_, low, high) => about(low, high) } },
      axes: [{ incrs: wholeNumbers }, { size: 72, values: (_, marks) => marked(marks.map(back)) }],
      legend: { show: series.length <= 16 },
      series: [
        { label: 'step' },
        ...series.map(({ label, setting, dashed }) => ({
          label,
          stroke: colour(setting),
          width: dashed ? 1 : 1.75,
          ...(dashed && { dash: [5, 4] }),
          points: { show: x.length < 25 },
          value: (_, y) => words(back(y)),
        })),
      ],
    }
    const chart = new uPlot(options, [x, ...series.map(({ values }) => values.map(up))], place)
    drawn.push(() => chart.setSize({ width: width(), height: 300 }))
  }
  addEventListener('resize', () => drawn.forEach((redraw) => redraw()))
}
