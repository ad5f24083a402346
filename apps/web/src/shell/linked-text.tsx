import { Link } from '@fluentui/react-components'
import { linkInText } from '../link-in-text.ts'

/** A sentence whose web address, if it has one, can be clicked. */
export function LinkedText({ text }: { text: string }) {
  const linked = linkInText(text)
  if (!linked) return text
  return (
    <>
      {linked.before}
      <Link inline href={linked.url} target="_blank" rel="noreferrer">
        {linked.url}
      </Link>
      {linked.after}
    </>
  )
}
