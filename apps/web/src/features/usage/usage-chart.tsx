import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useTheme } from '../shell/theme.ts'
import { formatDay } from './format-amount.ts'
import { type Metric, metricOf, type UsageGroup } from './group-usage.ts'

const height = 240

/**
 * Bars by day, stacked by group. What the pointer or the arrow keys stand on is told in words below; the table beside it
 * has all figures.
 */
export function UsageChart({
  days,
  groups,
  metric,
  format,
  label,
}: {
  days: string[]
  groups: UsageGroup[]
  metric: Metric
  format: (value: number) => string
  label: string
}) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const [at, setAt] = useState<number | null>(null)
  const [theme] = useTheme()
  const systemIsDark = useSystemIsDark()

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme decides on the colours.
  useEffect(() => {
    const element = holder.current
    if (!element) return
    const chart = new uPlot(optionsOf(element, days, groups, format, setAt), stacked(days, groups, metric), element)
    plot.current = chart
    const resize = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }))
    resize.observe(element)
    return () => {
      resize.disconnect()
      chart.destroy()
      plot.current = null
    }
  }, [days, groups, metric, format, theme, systemIsDark])

  const onKeyDown = (event: KeyboardEvent) => {
    const last = days.length - 1
    const next = { ArrowLeft: (at ?? days.length) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: last }[event.key]
    if (next === undefined) return
    event.preventDefault()
    const index = Math.min(last, Math.max(0, next))
    setAt(index)
    plot.current?.setCursor({ left: plot.current.valToPos(index, 'x'), top: 10 }, false)
  }
  return (
    <figure className="flex flex-col gap-2">
      {/* biome-ignore lint/a11y/useSemanticElements: a group of what cannot be seen without eyes, with words below. */}
      <div
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys go from day to day.
        tabIndex={0}
        role="group"
        aria-label={`${label}. Arrow keys go from day to day.`}
        onKeyDown={onKeyDown}
        className="rounded-sm"
      >
        <div ref={holder} aria-hidden="true" className="usage-chart min-h-60 w-full" />
      </div>
      <figcaption aria-live="polite" className="min-h-10 text-sm text-text-muted">
        {at === null ? (
          <span className="flex flex-wrap gap-x-4 gap-y-1">
            {groups.map(({ id, name }, index) => (
              <Swatch key={id} index={index} text={name} />
            ))}
          </span>
        ) : (
          <span className="flex flex-wrap gap-x-4 gap-y-1">
            <span className="font-medium text-text">{formatDay(days[at]!)}</span>
            {groups.map((group, index) => {
              const value = metricOf(group.days[at], metric)
              return value > 0 ? <Swatch key={group.id} index={index} text={`${group.name}: ${format(value)}`} /> : null
            })}
            {groups.every((group) => metricOf(group.days[at], metric) === 0) && 'Nothing.'}
          </span>
        )}
      </figcaption>
    </figure>
  )
}

export function Swatch({ index, text }: { index: number; text: string }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5">
      <span
        aria-hidden="true"
        className="size-2.5 shrink-0 rounded-xs"
        style={{ background: `var(${colourOf(index)})` }}
      />
      <span className="break-all">{text}</span>
    </span>
  )
}

function colourOf(index: number): string {
  return `--color-chart-${Math.min(index, 6) + 1}`
}

/** Each group on top of those after it, so that the first one drawn is the highest and the others cover its lower part. */
function stacked(days: string[], groups: UsageGroup[], metric: Metric): uPlot.AlignedData {
  const heights = groups.map(() => days.map(() => 0))
  for (let day = 0; day < days.length; day += 1) {
    let sum = 0
    for (let index = groups.length - 1; index >= 0; index -= 1) {
      sum += metricOf(groups[index]!.days[day], metric)
      heights[index]![day] = sum
    }
  }
  return [days.map((_, index) => index), ...heights]
}

function optionsOf(
  element: HTMLElement,
  days: string[],
  groups: UsageGroup[],
  format: (value: number) => string,
  onDay: (index: number | null) => void,
): uPlot.Options {
  const colour = (name: string) => resolveColour(element, name)
  const font = `12px ${getComputedStyle(element).fontFamily}`
  const axis = { font, stroke: colour('--color-text-muted'), ticks: { show: false } }
  const paths = uPlot.paths.bars!({ size: [0.72, 48], radius: 0 })
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: false, range: [-0.6, days.length - 0.4] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        incrs: [1, 2, 5, 7, 14, 30, 60, 90],
        space: 64,
        values: (_plot, splits) =>
          splits.map((split) => (Number.isInteger(split) && days[split] ? formatDay(days[split]) : '')),
      },
      {
        ...axis,
        size: 64,
        grid: { stroke: colour('--color-border'), width: 1 },
        values: (_plot, splits) => splits.map(format),
      },
    ],
    series: [
      {},
      ...groups.map((group, index) => ({
        label: group.name,
        fill: colour(colourOf(index)),
        stroke: colour('--color-raised'),
        width: 1,
        paths,
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [(plot) => onDay(plot.cursor.idx ?? null)],
    },
  }
}

/** A canvas does not know of CSS: the colour as the browser makes it of the variable, here and now. */
function resolveColour(element: HTMLElement, name: string): string {
  const before = element.style.color
  element.style.color = `var(${name})`
  const { color } = getComputedStyle(element)
  element.style.color = before
  return color
}

function useSystemIsDark(): boolean {
  const [isDark, setIsDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const listener = () => setIsDark(query.matches)
    query.addEventListener('change', listener)
    return () => query.removeEventListener('change', listener)
  }, [])
  return isDark
}
