"""Parts of `faults.py`: kills, full disks, several processes and broken files, a module for each kind of fault."""
