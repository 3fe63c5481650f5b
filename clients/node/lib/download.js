'use strict';

const { open, readFile, rename, rm, writeFile } = require('node:fs/promises');

const { ConnectionError, DarkroomError, TimeoutError } = require('./errors.js');
const { backoff } = require('./transport.js');

/**
 * Brings an archive into a sink. A connection that breaks is taken up where it
 * broke, by Range; maxRetries counts those in a row that brought nothing.
 */
async function receive(transport, request, sink, onProgress) {
  const maxRetries = request.maxRetries ?? transport.maxRetries;
  for (let failed = 0; ; failed++) {
    const answer = await openAt(transport, request, sink);
    const before = sink.size;
    try {
      return await copy(pieces(transport, request, answer), sizeOf(answer.response), sink, onProgress);
    } catch (error) {
      if (sink.size > before) failed = 0;
      if (!isInterruption(error) || failed >= maxRetries) throw error;
      await transport.pause(backoff(failed), request.signal);
    } finally {
      letGo(answer);
    }
  }
}

function letGo({ timer }) {
  timer.abort();
  timer.release();
}

/** Opens the archive at the sink's end, or anew when the sink holds another archive; the sink is then emptied. */
async function openAt(transport, request, sink) {
  let answer;
  try {
    answer = await transport.open({ ...request, headers: rangeHeaders(sink) });
  } catch (error) {
    // What the sink holds is as long as the archive or longer, and yet was not finished.
    if (!(error instanceof DarkroomError) || error.status !== 416) throw error;
    answer = await transport.open({ ...request, headers: rangeHeaders({ size: 0 }) });
  }
  try {
    if (answer.response.status !== 206) await sink.restart(answer.response.headers.get('etag') ?? '');
    return answer;
  } catch (error) {
    letGo(answer);
    throw error;
  }
}

function rangeHeaders({ size, etag }) {
  const headers = { 'accept-encoding': 'identity' };
  return size > 0 && etag ? { ...headers, range: `bytes=${size}-`, 'if-range': etag } : headers;
}

/**
 * The pieces of an archive as they come. The timer watches the silence between
 * two of them, not the time that the sink takes; only what happens to the
 * connection becomes an error of this client.
 */
async function* pieces(transport, request, { response, timer }) {
  const reader = response.body.getReader();
  for (;;) {
    timer.start(request.timeout);
    const { done, value } = await reader.read().catch((error) => {
      throw transport.explain(error, request, timer);
    });
    timer.stop();
    if (done) return;
    yield value;
  }
}

async function copy(source, total, sink, onProgress) {
  for await (const piece of source) {
    await sink.write(piece);
    onProgress?.({ received: sink.size, total });
  }
  if (total !== undefined && sink.size !== total) {
    throw new ConnectionError(`the archive ended at byte ${sink.size} of ${total}`, { code: 'connection' });
  }
}

/** The size of the whole archive, also when only its end is sent. */
function sizeOf({ status, headers }) {
  const text = status === 206 ? headers.get('content-range')?.split('/')[1] : headers.get('content-length');
  return /^\d+$/.test(text ?? '') ? Number(text) : undefined;
}

function isInterruption(error) {
  return error instanceof ConnectionError || (error instanceof TimeoutError && error.status === 0);
}

/** An archive in memory. */
class MemorySink {
  #pieces = [];

  size = 0;

  etag = '';

  restart(etag) {
    this.#pieces = [];
    this.size = 0;
    this.etag = etag;
  }

  write(piece) {
    this.#pieces.push(piece);
    this.size += piece.length;
  }

  toBuffer() {
    return Buffer.concat(this.#pieces, this.size);
  }
}

/**
 * An archive in a file. While it is incomplete it is path + ".part", with its
 * ETag beside it, so that another call, or another process, can continue it.
 */
class FileSink {
  static async open(path) {
    const sink = new FileSink();
    sink.path = path;
    sink.file = await openForUpdate(`${path}.part`);
    sink.size = (await sink.file.stat()).size;
    sink.etag = await readFile(`${path}.part.etag`, 'utf8').catch(() => ''); // without it the part is of no use
    return sink;
  }

  async restart(etag) {
    await this.file.truncate(0);
    this.size = 0;
    this.etag = etag;
    await writeFile(`${this.path}.part.etag`, etag);
  }

  async write(piece) {
    for (let written = 0; written < piece.length; ) {
      const { bytesWritten } = await this.file.write(piece, written, piece.length - written, this.size);
      written += bytesWritten;
      this.size += bytesWritten;
    }
  }

  async close() {
    await this.file.close();
  }

  /** Gives the complete file its name. */
  async finish() {
    await this.file.sync();
    await this.close();
    await rename(`${this.path}.part`, this.path);
    await rm(`${this.path}.part.etag`, { force: true });
  }
}

/** Opens for reading and writing without emptying; makes the file when it is missing. */
async function openForUpdate(path) {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return open(path, 'w+');
  }
}

module.exports = { receive, MemorySink, FileSink };
