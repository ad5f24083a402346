import { Visitor, type ESTree, type Plugin } from 'vite'

/** Members of an operation that only the documentation of the API shows. */
const TEXTS = new Set(['summary', 'description', 'answer', 'answerHeaders', 'exampleAnswer'])

/** Leaves out what only the documentation of the API shows of the contract: `meta` of schemas, and texts of operations. */
export function withoutDocumentation(): Plugin {
  return {
    name: 'without-documentation',
    apply: 'build',
    transform: {
      filter: { id: /\/packages\/contract\/src\// },
      handler(code) {
        const cuts: { start: number; end: number; to: string }[] = []
        new Visitor({
          CallExpression({ callee, end }) {
            if (callee.type === 'MemberExpression' && nameOf(callee.property) === 'meta')
              cuts.push({ start: callee.object.end, end, to: '' })
          },
          ObjectExpression({ properties }) {
            const members = properties.filter((each) => each.type === 'Property')
            if (!members.some(({ key }) => nameOf(key) === 'operation')) return
            for (const { key, value } of members) if (TEXTS.has(nameOf(key))) cuts.push({ ...rangeOf(value), to: "''" })
          },
        }).visit(this.parse(code))
        return cuts
          .sort((one, other) => other.start - one.start)
          .reduce((text, { start, end, to }) => text.slice(0, start) + to + text.slice(end), code)
      },
    },
  }
}

function nameOf(node: ESTree.Node): string {
  return node.type === 'Identifier' ? node.name : ''
}

function rangeOf({ start, end }: ESTree.Node): { start: number; end: number } {
  return { start, end }
}
