// Loaded by `node --import` into a process of the product to shift its wall clock, at once or after a while.
const offsetMs = Number(process.env['CLOCK_OFFSET_MS'])
const jumpsAt = performance.now() + Number(process.env['CLOCK_OFFSET_AFTER_MS'])

const RealDate = Date
const now = () => RealDate.now() + (performance.now() >= jumpsAt ? offsetMs : 0)

globalThis.Date = new Proxy(RealDate, {
  construct: (target, parameters, newTarget) =>
    Reflect.construct(target, parameters.length === 0 ? [now()] : parameters, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})
