"""What runs outside of this process, and files: Yosys, programs, caches."""
