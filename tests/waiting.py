import threading
import time


def wait_for(condition, seconds=20, every=0.05):
    """Ask again and again until the answer is true; False once the time is over."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (answer := condition()):
        if time.monotonic() > deadline:
            return False
        pause.wait(every)
    return answer
