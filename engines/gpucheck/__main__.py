"""`python -m interneg.engines.gpucheck`"""

from interneg.engines.gpucheck.check import main

if __name__ == "__main__":
    main()
