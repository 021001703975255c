/**
 * Source of the worker that parses files from strangers: the same requests as `LocalEngine`, for a thread of its own.
 * A string, because neither a bundler nor a development run can be asked to make a module file for a worker. It runs as
 * a classic script in Node's `worker_threads` and as a module in a browser's `Worker`.
 *
 * The library's memory can be capped only by capping `WebAssembly.Memory.grow`, which Emscripten turns into a failed
 * allocation; the worker has no other use for it.
 */
export const WORKER_SOURCE = `
const start = async () => {
  const node = typeof require === "function" ? require("node:worker_threads") : null
  const send = (data, move) => node ? node.parentPort.postMessage(data, move) : self.postMessage(data, move)
  const listen = take => node ? node.parentPort.on("message", take) : self.addEventListener("message", event => take(event.data))
  const inbox = []
  let handle = data => inbox.push(data)
  listen(data => handle(data))
  let limit = Infinity
  const grow = WebAssembly.Memory.prototype.grow
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * 65536 > limit) throw new RangeError("beyond the memory allowed for this file")
    return grow.call(this, pages)
  }
  let m, file = 0n
  const check = status => { if (status < 0) throw new Error("the HDF5 library could not read it") }
  const readInPlace = (file, { fd, offset, length }) => {
    file.usedBytes = length
    const read = (stream, buffer, at, count, position) => {
      const size = Math.max(0, Math.min(count, length - position))
      return require("node:fs").readSync(fd, buffer, at, size, offset + position)
    }
    file.stream_ops = { ...file.stream_ops, read }
  }
  const open = ({ from, limit: most }) => {
    limit = m.HEAPU8.length + most
    const held = from instanceof Uint8Array
    m.FS.createDataFile("/", "file.h5", held ? from : new Uint8Array(0), true, true, true)
    if (!held) readInPlace(m.FS.analyzePath("/file.h5").object, from)
    file = m.open("/file.h5", m.H5F_ACC_RDONLY, false, -1, -1)
  }
  const close = () => {
    check(m.close_file(file))
    m.FS.unlink("/file.h5")
    file = 0n
  }
  const slabs = ({ path, size, rows, slab, dims }, pointer, out) => {
    const rest = dims.slice(1).map(BigInt)
    for (let row = 0; row < rows; row += slab) {
      const count = Math.min(slab, rows - row)
      const offset = [BigInt(row), ...rest.map(() => 0n)]
      check(m.get_dataset_data(file, path, [BigInt(count), ...rest], offset, dims.map(() => 1n), BigInt(pointer)))
      out.set(m.HEAPU8.subarray(pointer, pointer + (size / rows) * count), (size / rows) * row)
    }
    return out
  }
  const read = request => {
    const { path, attribute, size, rows, slab, vlen } = request
    const out = new Uint8Array(vlen ? 0 : size)
    const step = rows > 0 ? (size / rows) * slab : size
    const pointer = m._malloc(Math.max(step, 8))
    if (pointer === 0) throw new Error("no memory for " + step + " bytes")
    try {
      if (attribute !== null) check(m.get_attribute_data(file, path, attribute, BigInt(pointer)))
      else if (slab >= rows) check(m.get_dataset_data(file, path, null, null, null, BigInt(pointer)))
      else return slabs(request, pointer, out)
      if (!vlen) {
        out.set(m.HEAPU8.subarray(pointer, pointer + size))
        return out
      }
      const pointers = new Uint32Array(m.HEAPU8.slice(pointer, pointer + size).buffer)
      const texts = Array.from(pointers, at => at === 0 ? "" : m.UTF8ToString(at))
      m.reclaim_vlen_memory(file, path, attribute ?? "", BigInt(pointer))
      return texts
    } finally {
      m._free(pointer)
    }
  }
  const one = request => {
    if (request.op === "open") return open(request)
    if (request.op === "call") return m[request.name](file, ...request.args)
    if (request.op === "read") return read(request)
    return close()
  }
  const batch = requests => {
    let index = 0
    try {
      const replies = []
      for (; index < requests.length; index++) replies.push(one(requests[index]))
      send({ replies }, replies.filter(reply => reply instanceof Uint8Array).map(reply => reply.buffer))
    } catch (error) {
      send({ error: String(error && error.message || error), index })
    }
  }
  handle = async ({ url }) => {
    handle = data => inbox.push(data)
    try {
      const h5 = await import(url)
      m = await h5.ready
      m.activate_throwing_error_handler()
      send({ ready: true })
      handle = batch
      inbox.splice(0).forEach(batch)
    } catch (error) {
      send({ error: String(error && error.message || error) })
    }
  }
  inbox.splice(0).forEach(data => handle(data))
}
start()
`
