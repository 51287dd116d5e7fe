# The client `websockets`: sends the messages of a file, and compares the echoes.
import asyncio
import base64
import json
import sys

from websockets import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory


def messages(path):
    with open(path, encoding="ascii") as file:
        for line in file:
            kind, content = line.rstrip("\n").split(" ")
            data = base64.b64decode(content)
            yield data.decode() if kind == "text" else data


async def exchange(url, sent):
    offer = ClientPerMessageDeflateFactory(client_max_window_bits=True)
    wrong = 0
    async with connect(url, compression=None, extensions=[offer], max_size=None) as ws:
        sending = asyncio.create_task(send_all(ws, sent))
        for message in sent:
            wrong += await ws.recv() != message
        await sending
        extensions = ",".join(extension.name for extension in ws.extensions)
    return {"extensions": extensions, "came": len(sent), "wrong": wrong, "code": ws.close_code}


async def send_all(ws, sent):
    for message in sent:
        await ws.send(message)


print(json.dumps(asyncio.run(exchange(sys.argv[1], list(messages(sys.argv[2]))))))
