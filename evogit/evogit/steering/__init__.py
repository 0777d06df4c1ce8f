"""What a human decided, and how it is carried out.

- ``state``: what all decisions add up to; pure, the one home of undo, prune, pin, pause
- ``feedback``: which words still wait for a lineage's next prompt
- ``desk``: one method per verb: checks and decides
- ``history``: which decisions hold, and what undoing and redoing refers to
- ``tagging``, ``respecify``: what names and new versions of the spec need
- ``pen``: how one decision gets into a journal: lock, record, moves
- ``moves``: ref moves of a decision: forward, back, and finished or undone after a kill
- ``promote``: plans how an individual becomes a commit of the user's repository
- ``target``: the only code that writes to the user's repository: objects, then one ref
"""
