goal_urlpatterns = []
