"""What a 40GBASE-R transmitter sends, in a few lines that share nothing with the project's own code.

Marker values, BIP bit positions and the scrambler are those of IEEE 802.3 Clause 82 and 49, as open implementations have them. Prints for
each lane one line of blocks, `header:payload` in hexadecimal: python3 pcs_reference.py ROWS MARKER_PERIOD.
"""

import sys

MARKERS = ["907647", "f0c4e6", "c5659b", "a2793d"]
BIP = [
    range(2, 66, 8), range(3, 66, 8), range(4, 66, 8), [0, *range(5, 66, 8)],
    [1, *range(6, 66, 8)], range(7, 66, 8), range(8, 66, 8), range(9, 66, 8),
]  # fmt: skip


def bits(value, count):
    return [value >> i & 1 for i in range(count)]


def number(some_bits):
    return sum(bit << i for i, bit in enumerate(some_bits))


def main(rows, period):
    sent = [1] * 58  # the last 58 scrambled bits, the latest last
    parity = [[0] * 8 for _ in MARKERS]
    lanes = [[] for _ in MARKERS]
    blocks = 0
    for row in range(rows):
        for lane, marker in enumerate(MARKERS):
            if row % period == 0:
                three = [int(marker[i : i + 2], 16) for i in (0, 2, 4)]
                bip = number(parity[lane])
                octets = [*three, bip, *(0xFF ^ m for m in three), 0xFF ^ bip]
                header, payload = 0b01, [bit for octet in octets for bit in bits(octet, 8)]
                parity[lane] = [0] * 8
            else:
                header = 0b01 if blocks % 3 == 1 else 0b10
                payload = []
                for bit in bits(blocks * 0x9E3779B97F4A7C15 % 2**64, 64):
                    payload.append(bit ^ sent[-39] ^ sent[-58])
                    sent = [*sent[1:], payload[-1]]
                blocks += 1
            line = bits(header, 2) + payload
            for i, places in enumerate(BIP):
                parity[lane][i] ^= sum(line[place] for place in places) % 2
            lanes[lane].append(f"{header:x}:{number(payload):016x}")
    for lane in lanes:
        print(" ".join(lane))


main(*map(int, sys.argv[1:]))
