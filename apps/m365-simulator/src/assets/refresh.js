// Replaces only the marked element, so that the list stays current without moving focus or scroll position.
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
  // The simulator may be restarting; the next refresh finds it again.
  refresh().catch(() => {})
}, REFRESH_MS)
