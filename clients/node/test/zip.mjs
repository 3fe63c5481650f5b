/** The entries of a ZIP whose entries are stored, as Darkroom's are: name to bytes, in order. */
export function readZip(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) throw new Error('this is no ZIP: it has no end record');
  const entries = new Map();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.toString('latin1', at, at + 4) !== 'PK\x01\x02') throw new Error(`no directory entry at byte ${at}`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field));
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    if (zip.readUInt16LE(at + 10) !== 0) throw new Error(`${name} is compressed`);
    entries.set(name, contentAt(zip, zip.readUInt32LE(at + 42), zip.readUInt32LE(at + 24)));
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

function contentAt(zip, header, size) {
  if (zip.toString('latin1', header, header + 4) !== 'PK\x03\x04') throw new Error(`no entry at byte ${header}`);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  return zip.subarray(start, start + size);
}
