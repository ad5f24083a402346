// Keeps a list current without moving the focus or the scroll position: only the marked part is replaced.
const REFRESH_MS = 3000

async function refresh() {
  const live = document.querySelector('[data-live]')
  if (document.hidden || live === null) return
  const response = await fetch(location.href, { headers: { accept: 'text/html' } })
  if (!response.ok) return
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  const next = page.querySelector('[data-live]')
  if (next !== null && next.innerHTML !== live.innerHTML && !live.contains(document.activeElement))
    live.replaceWith(next)
}

setInterval(() => {
  // The simulator may be restarting; the next round finds it again.
  refresh().catch(() => {})
}, REFRESH_MS)
