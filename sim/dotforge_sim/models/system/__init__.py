"""Training systems that lend devices memory: device-, host- and memory-centric (001_38c8aab18062c4f0), event by
event.
"""
